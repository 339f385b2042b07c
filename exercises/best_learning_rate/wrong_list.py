# Message: should be a number, not [
best_learning_rate = [0.01, 0.03]
