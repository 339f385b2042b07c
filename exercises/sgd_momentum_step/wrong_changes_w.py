# Message: it changes w
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity + grad
    w -= lr * velocity
    return w, velocity
