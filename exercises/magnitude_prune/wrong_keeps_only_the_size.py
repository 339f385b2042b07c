# Message: weights that are kept have changed
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    sizes = torch.cat([p.detach().abs().flatten() for p in matrices])
    count = round(fraction * len(sizes))
    sizes[sizes.argsort()[:count]] = 0
    nn.utils.vector_to_parameters(sizes, matrices)
    return count
