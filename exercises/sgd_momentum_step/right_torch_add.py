# Uses torch.add with alpha and returns a list instead of a tuple.
def sgd_momentum_step(w, velocity, grad, lr, momentum):
    moved = torch.add(grad, velocity, alpha=momentum)
    return [torch.add(w, moved, alpha=-lr), moved]
