# Message: is not finished yet
best_learning_rate = None
