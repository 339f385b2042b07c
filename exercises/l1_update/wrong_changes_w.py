# Message: it changes w; return a new tensor instead
def l1_update(w, grad, lr, lam):
    w -= lr * (grad + lam * torch.sign(w))
    return w
