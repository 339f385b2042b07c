# Message: it is too large
best_learning_rate = 1.0
