# Message: the shape
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(x.numel(), generator=generator) >= p
    return x.flatten() * kept / (1 - p)
