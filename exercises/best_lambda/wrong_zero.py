# Message: should be positive; 0 is no penalty
best_lambda = {"l1": 0.0, "l2": 0.0}
