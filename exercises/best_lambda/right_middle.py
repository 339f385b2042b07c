# Inside the range that helps.
best_lambda = {"l1": 0.003, "l2": 0.05}
