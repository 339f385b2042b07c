# Message: the largest weights are removed
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    flat = torch.cat([p.detach().flatten() for p in matrices])
    count = round(fraction * len(flat))
    flat[flat.abs().argsort(descending=True)[:count]] = 0
    nn.utils.vector_to_parameters(flat, matrices)
    return count
