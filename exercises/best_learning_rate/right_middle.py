# The middle of the range that works.
best_learning_rate = 0.03
