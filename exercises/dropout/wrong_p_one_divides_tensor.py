# Message: with p = 1 all should become 0
def dropout(x, p, training, generator):
    if not training:
        return x
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept / (1 - p)
