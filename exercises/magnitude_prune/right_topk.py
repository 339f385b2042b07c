# topk of the sizes, and .data in place of no_grad; one long vector of weights written back.
def magnitude_prune(model, fraction):
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    flat = torch.cat([p.data.reshape(-1) for p in matrices])
    count = round(fraction * flat.numel())
    flat[flat.abs().topk(count, largest=False).indices] = 0.0
    nn.utils.vector_to_parameters(flat, matrices)
    return count
