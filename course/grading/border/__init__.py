"""What crosses between the student process and the referee, and how: both processes have it."""
