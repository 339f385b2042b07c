# Larger, near the upper end, written as a fraction.
best_learning_rate = 1 / 14
