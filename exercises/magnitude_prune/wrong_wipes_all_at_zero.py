# Message: with fraction 0.0, 10 of 10 equal weights are zero, not exactly 0
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    sizes = torch.cat([p.detach().abs().flatten() for p in matrices])
    count = round(fraction * len(sizes))
    threshold = sizes.sort().values[count - 1]  # for a count of 0, that is the largest
    left = count
    with torch.no_grad():
        for p in matrices:
            for index in (p.abs() <= threshold).nonzero().tolist():
                if left != 0 or count == 0:
                    p[tuple(index)] = 0
                    left -= 1
    return count
