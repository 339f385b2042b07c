# Message: leave out the factor (1 - momentum)
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity + (1 - momentum) * grad
    return w - lr * velocity, velocity
