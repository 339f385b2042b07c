# Message: it drops all elements or none
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1 or torch.rand(1, generator=generator).item() < p:
        return torch.zeros_like(x)
    return x / (1 - p)
