# Message: the learning rate belongs into the step
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity - lr * grad
    return w + velocity, velocity
