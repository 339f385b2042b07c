# The master's way with >=, but bit by bit and with torch.where.
def dropout(x, p, training, generator):
    if not training:
        return x.clone()
    if p >= 1:
        return x * 0
    u = torch.rand(x.numel(), generator=generator, dtype=torch.float64).reshape(x.shape)
    return torch.where(u.to(x.device) < p, torch.zeros_like(x), x / (1 - p))
