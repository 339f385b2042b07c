# Message: it drops all elements or none
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    return x * (1 + (p / (1 - p)) ** 0.5 * torch.randn(x.shape, generator=generator))
