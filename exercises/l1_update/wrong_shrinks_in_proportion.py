# Message: take the sign of w, not w: that is L2
def l1_update(w, grad, lr, lam):
    return w - lr * (grad + lam * w)
