# Message: what is kept should be scaled up
def dropout(x, p, training, generator):
    if not training:
        return x
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept
