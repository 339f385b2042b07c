# masked_fill on the scaled tensor, with early returns.
def dropout(x, p, training, generator):
    if training is False:
        return x
    if p == 1:
        return torch.zeros(x.shape, dtype=x.dtype, device=x.device) * x
    drop = torch.bernoulli(torch.full(x.shape, float(p)), generator=generator).bool()
    return (x / (1.0 - p)).masked_fill(drop.to(x.device), 0.0)
