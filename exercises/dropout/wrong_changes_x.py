# Message: it changes x; compute a new tensor instead
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    x[torch.rand(x.shape, generator=generator) < p] = 0
    x /= 1 - p
    return x
