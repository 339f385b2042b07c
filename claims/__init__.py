"""What the lessons say of their figures, each a value with its evidence."""
