# Message: uphill
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity + grad
    return w + lr * velocity, velocity
