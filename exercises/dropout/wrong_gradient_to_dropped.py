# Message: its gradient should be its mask
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(x.shape, generator=generator) >= p
    return x + (x.detach() * kept / (1 - p) - x.detach())
