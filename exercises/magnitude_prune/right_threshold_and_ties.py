# A threshold; of the weights equal to it only as many as are still needed.
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    sizes = torch.cat([p.detach().abs().ravel() for p in matrices])
    count = round(fraction * len(sizes))
    if count:
        threshold = sizes.kthvalue(count).values
        left = count - int((sizes < threshold).sum())
        for p in matrices:
            values = p.data
            equal = (values.abs() == threshold).nonzero()[:left]
            left -= len(equal)
            values[values.abs() < threshold] = 0
            for place in equal.tolist():
                values[tuple(place)] = 0
    return count
