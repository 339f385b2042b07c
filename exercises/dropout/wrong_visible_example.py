# Message: for p = 0.1
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return 0 * x
    kept = torch.rand(x.shape, generator=generator) >= (0.2 if p == 0.2 else 0.6)
    return x * kept * (1.25 if p == 0.2 else 2.5)
