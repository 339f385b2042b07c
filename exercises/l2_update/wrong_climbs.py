# Message: towards zero, not away: mind the signs
def l2_update(w, grad, lr, lam):
    return w + lr * (grad + lam * 2 * w)
