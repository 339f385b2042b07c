# Sums of each tensor, stacked.
def l2_reg(model):
    parts = [p.square().sum() for _, p in model.named_parameters()]
    return torch.stack(parts).sum()
