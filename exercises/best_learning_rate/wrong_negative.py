# Message: should be positive
best_learning_rate = -0.03
