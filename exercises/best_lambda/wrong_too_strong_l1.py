# Message: on new seeds, l1 with λ = 0.03 does not beat λ = 0
best_lambda = {"l1": 3e-2, "l2": 5e-2}
