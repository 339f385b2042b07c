# Message: the other way round
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity + grad
    return velocity, w - lr * velocity
