# Message: should be a number, not '0.03'
best_learning_rate = "0.03"
