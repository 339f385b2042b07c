# Message: best_lambda should be a dict
best_lambda = 0.003
