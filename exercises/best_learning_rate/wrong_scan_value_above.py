# Message: it is too large
best_learning_rate = 0.3
