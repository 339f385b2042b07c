# Message: the learning rate multiplies the penalty's part too
def l1_update(w, grad, lr, lam):
    return w - lr * grad - lam * torch.sign(w)
