# Message: in evaluation, x should stay as it is
def dropout(x, p, training, generator):
    if not training:
        return (1 - p) * x
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept / (1 - p)
