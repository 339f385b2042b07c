# Message: are zero, not
def magnitude_prune(model, fraction):
    matrices = [layer.weight for layer in model.modules() if isinstance(layer, nn.Linear)]
    flat = torch.cat([p.detach().flatten() for p in matrices])
    count = round(fraction * len(flat))
    flat[flat.abs().argsort()[:count]] = 0
    nn.utils.vector_to_parameters(flat, matrices)
    return count
