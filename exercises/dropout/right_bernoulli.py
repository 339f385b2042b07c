# A Bernoulli mask, drawn in place; the scale sits in the mask, and p = 1 is caught by a maximum.
def dropout(x, p, training, generator):
    if training:
        mask = torch.empty(x.shape).bernoulli_(1 - p, generator=generator)
        x = x * mask.to(x) / max(1 - p, 1e-12)
    return x
