# Message: a weight of 0 without gradient should stay 0
def l1_update(w, grad, lr, lam):
    sign = torch.where(w >= 0, 1.0, -1.0)
    return w - lr * (grad + lam * sign)
