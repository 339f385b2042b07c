# Message: 10 of 10 equal weights are zero, not exactly 3
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    sizes = torch.cat([p.detach().abs().flatten() for p in matrices])
    count = round(fraction * len(sizes))
    if count:
        threshold = sizes.sort().values[count - 1]
        with torch.no_grad():
            for p in matrices:
                p.mul_(p.abs() > threshold)
    return count
