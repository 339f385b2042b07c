# Message: a factor 2 is missing
def l2_update(w, grad, lr, lam):
    return w - lr * (grad + lam * w)
