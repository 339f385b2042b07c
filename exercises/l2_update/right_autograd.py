# The penalty's gradient comes from PyTorch.
def l2_update(w, grad, lr, lam):
    copy = w.detach().clone().requires_grad_()
    penalty = (copy * copy).sum()
    penalty.backward()
    return w - lr * (grad + lam * copy.grad)
