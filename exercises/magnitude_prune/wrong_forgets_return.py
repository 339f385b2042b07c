# Message: it returns nothing
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() > 1]
    flat = torch.cat([p.detach().flatten() for p in matrices])
    flat[flat.abs().argsort()[: round(fraction * len(flat))]] = 0
    nn.utils.vector_to_parameters(flat, matrices)
