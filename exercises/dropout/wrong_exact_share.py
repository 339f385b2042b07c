# Message: it always drops the same number of elements; let chance decide
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    order = torch.randperm(x.numel(), generator=generator)
    kept = torch.ones(x.numel())
    kept[order[: round(p * x.numel())]] = 0
    return x * kept.view_as(x).to(x.dtype) / (1 - p)
