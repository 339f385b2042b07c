# Message: biases are pruned too
def magnitude_prune(model, fraction):
    parameters = list(model.parameters())
    sizes = torch.cat([p.detach().abs().flatten() for p in parameters])
    count = round(fraction * len(sizes))
    mask = torch.ones_like(sizes)
    mask[sizes.argsort()[:count]] = 0
    with torch.no_grad():
        for p, part in zip(parameters, mask.split([p.numel() for p in parameters])):
            p.mul_(part.view_as(p))
    return count
