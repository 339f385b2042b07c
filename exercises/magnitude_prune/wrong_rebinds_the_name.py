# Message: the model is as it was
def magnitude_prune(model, fraction):
    sizes = torch.cat([p.detach().abs().flatten() for p in model.parameters() if p.dim() > 1])
    count = round(fraction * len(sizes))
    threshold = sizes.sort().values[count]
    for p in model.parameters():
        if p.dim() > 1:
            p = p * (p.abs() >= threshold)  # a new tensor, not the model's
    return count
