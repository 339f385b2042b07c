# Message: the velocity plays no part
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    return w - lr * grad, grad
