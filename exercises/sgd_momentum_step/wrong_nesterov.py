# Message: Nesterov
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity + grad
    return w - lr * (grad + momentum * velocity), velocity
