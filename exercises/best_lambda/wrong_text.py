# Message: should be a number, not '0.003'
best_lambda = {"l1": "0.003", "l2": "0.05"}
