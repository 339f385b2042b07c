# Message: chance does not come from `generator` alone
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    kept = torch.rand(x.shape) >= p
    return x * kept / (1 - p)
