# Message: expected [1.7, -0.45, 0.0]
def l2_update(w, grad, lr, lam):
    stepped = w - lr * grad
    return (1 - 2 * lr * lam) * stepped
