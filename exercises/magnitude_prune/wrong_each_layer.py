# Message: each layer is pruned on its own
def magnitude_prune(model, fraction):
    total = 0
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                count = round(fraction * p.numel())
                p.view(-1)[p.abs().flatten().argsort()[:count]] = 0
                total += count
    return total
