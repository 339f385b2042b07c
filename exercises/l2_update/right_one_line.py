# All in one line.
def l2_update(w, grad, lr, lam):
    return w - lr * (grad + lam * 2 * w)
