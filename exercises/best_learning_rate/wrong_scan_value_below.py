# Message: it is too small
best_learning_rate = 1e-3
