# The penalty's gradient comes from PyTorch.
def l1_update(w, grad, lr, lam):
    copy = w.detach().clone().requires_grad_()
    penalty = copy.abs().sum()
    penalty.backward()
    return w - lr * (grad + lam * copy.grad)
