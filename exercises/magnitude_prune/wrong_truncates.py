# Message: with fraction 0.37
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    flat = torch.cat([p.detach().flatten() for p in matrices])
    count = int(fraction * len(flat))
    flat[flat.abs().argsort()[:count]] = 0
    nn.utils.vector_to_parameters(flat, matrices)
    return count
