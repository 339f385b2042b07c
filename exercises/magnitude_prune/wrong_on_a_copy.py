# Message: the model is as it was
def magnitude_prune(model, fraction):
    import copy

    pruned = copy.deepcopy(model)
    matrices = [p for p in pruned.parameters() if p.dim() > 1]
    flat = torch.cat([p.detach().flatten() for p in matrices])
    count = round(fraction * len(flat))
    flat[flat.abs().argsort()[:count]] = 0
    nn.utils.vector_to_parameters(flat, matrices)
    return count
