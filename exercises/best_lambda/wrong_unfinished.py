# Message: put a number for 'l2'
best_lambda = {"l1": 0.003, "l2": None}
