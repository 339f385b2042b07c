# All in one line.
def l1_update(w, grad, lr, lam):
    return w - lr * (grad + lam * torch.sign(w))
