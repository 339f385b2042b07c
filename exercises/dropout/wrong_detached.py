# Message: gradients cannot flow back: leave out .data and .detach()
def dropout(x, p, training, generator):
    if not training or p == 0:
        return x
    if p == 1:
        return torch.zeros_like(x)
    out = x.detach().clone()
    out[torch.rand(x.shape, generator=generator) < p] = 0
    return out / (1 - p)
