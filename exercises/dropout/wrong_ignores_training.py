# Message: in evaluation, x should stay as it is
def dropout(x, p, training, generator):
    if p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept / (1 - p)
