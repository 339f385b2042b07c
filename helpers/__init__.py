"""What the lessons import: data, models, training, figures and feedback on exercises."""
