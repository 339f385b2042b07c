# Message: is p the probability of keeping?
def dropout(x, p, training, generator):
    if not training:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(x.shape, generator=generator) < p
    return x * kept / (1 - p)
