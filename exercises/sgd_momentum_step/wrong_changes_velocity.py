# Message: it changes velocity
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity.mul_(momentum).add_(grad)
    return w - lr * velocity, velocity
