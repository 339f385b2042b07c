# A copy, changed in place.
def l2_update(w, grad, lr, lam):
    new = w.clone()
    new -= lr * grad
    new -= lr * lam * 2 * w
    return new
