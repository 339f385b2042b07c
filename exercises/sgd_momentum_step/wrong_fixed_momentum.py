# Message: for lr=
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = 0.9 * velocity + grad
    return w - lr * velocity, velocity
