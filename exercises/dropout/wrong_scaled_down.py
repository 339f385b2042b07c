# Message: what is kept is multiplied by 0.80, not by 1.25
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept * (1 - p)
