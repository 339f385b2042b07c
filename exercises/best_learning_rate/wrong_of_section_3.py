# Message: it is too small
best_learning_rate = 5e-4
