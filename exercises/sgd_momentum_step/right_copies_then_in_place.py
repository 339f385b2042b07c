# Copies both tensors and then changes the copies in place, as an optimizer does.
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    new_w, new_velocity = w.clone(), velocity.clone()
    new_velocity.mul_(momentum).add_(grad)
    new_w.sub_(new_velocity, alpha=lr)
    return new_w, new_velocity
