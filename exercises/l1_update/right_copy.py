# A copy, changed in place.
def l1_update(w, grad, lr, lam):
    new = w.clone()
    new -= lr * grad
    new -= lr * lam * torch.sign(w)
    return new
