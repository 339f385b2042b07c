# Message: a second call drops the same elements
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    fresh = torch.Generator().manual_seed(generator.initial_seed())
    kept = torch.rand(x.shape, generator=fresh) >= p
    return x * kept / (1 - p)
