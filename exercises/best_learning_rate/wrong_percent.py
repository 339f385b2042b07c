# Message: blows up
best_learning_rate = 3
