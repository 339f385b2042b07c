# Message: it returns nothing
def l2_update(w, grad, lr, lam):
    new = w - lr * (grad + lam * 2 * w)
