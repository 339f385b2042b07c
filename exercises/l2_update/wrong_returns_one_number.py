# Message: the result should have the shape of w
def l2_update(w, grad, lr, lam):
    return (w - lr * (grad + lam * 2 * w)).sum()
