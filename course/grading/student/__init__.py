"""The student process: the side of the border that runs a student's code."""
