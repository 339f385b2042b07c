# A little stronger, in another notation.
best_lambda = dict(l1=5e-3, l2=6e-2)
