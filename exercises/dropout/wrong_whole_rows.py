# Message: it drops whole rows
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(len(x), *[1] * (x.dim() - 1), generator=generator) >= p
    kept = kept if x.dim() < 3 else torch.rand(x.shape[:2], generator=generator)[..., None] >= p
    return x * kept / (1 - p)
