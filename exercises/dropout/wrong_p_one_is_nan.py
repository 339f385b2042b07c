# Message: ZeroDivisionError: float division by zero
def dropout(x, p, training, generator):
    if not training:
        return x
    kept = torch.rand(x.shape, generator=generator) >= p
    return x * kept * (1.0 / float(1 - p))
