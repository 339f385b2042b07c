# One element after another, with Python's lists.
def dropout(x, p, training, generator):
    if not training or p == 0:
        return 1 * x
    factors = []
    for _ in range(x.numel()):
        keep = torch.rand((), generator=generator).item() >= p
        factors.append(1 / (1 - p) if keep else 0.0)
    return x * torch.tensor(factors, dtype=x.dtype, device=x.device).view_as(x)
