# Message: finite number
best_learning_rate = float("inf")
