# Message: the old velocity
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    new_w = w - lr * velocity
    return new_w, momentum * velocity + grad
