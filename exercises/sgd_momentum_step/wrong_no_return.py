# Message: it returns nothing
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    velocity = momentum * velocity + grad
    w = w - lr * velocity
