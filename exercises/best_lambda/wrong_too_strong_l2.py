# Message: on new seeds, l2 with λ = 0.5 does not beat λ = 0
best_lambda = {"l1": 3e-3, "l2": 0.5}
