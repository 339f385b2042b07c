# Message: best_lambda should have the keys 'l1' and 'l2'
best_lambda = {"lambda1": 0.003, "lambda2": 0.05}
