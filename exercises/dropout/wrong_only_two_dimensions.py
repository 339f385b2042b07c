# Message: ValueError: too many values to unpack
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    rows, columns = x.shape
    kept = torch.rand(rows, columns, generator=generator) >= p
    return x * kept / (1 - p)
