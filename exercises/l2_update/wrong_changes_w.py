# Message: it changes w; return a new tensor instead
def l2_update(w, grad, lr, lam):
    w -= lr * (grad + lam * 2 * w)
    return w
