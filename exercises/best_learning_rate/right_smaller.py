# A smaller one, near the lower end.
best_learning_rate = 2e-2
