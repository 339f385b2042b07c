# Message: it returns nothing
def l1_update(w, grad, lr, lam):
    new = w - lr * (grad + lam * torch.sign(w))
