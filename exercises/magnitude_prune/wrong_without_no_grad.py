# Message: RuntimeError
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    sizes = torch.cat([p.detach().abs().flatten() for p in matrices])
    count = round(fraction * len(sizes))
    mask = torch.ones_like(sizes)
    mask[sizes.argsort()[:count]] = 0
    for p, part in zip(matrices, mask.split([p.numel() for p in matrices])):
        p.mul_(part.view_as(p))
    return count
