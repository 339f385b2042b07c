# Message: the result should have the shape of w
def l1_update(w, grad, lr, lam):
    return (w - lr * (grad + lam * torch.sign(w))).sum()
