# Message: is far too strong to learn anything
best_lambda = {"l1": 0.003, "l2": 5}
