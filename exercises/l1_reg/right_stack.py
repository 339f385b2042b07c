# Sums of each tensor, stacked.
def l1_reg(model):
    parts = [p.abs().sum() for _, p in model.named_parameters()]
    return torch.stack(parts).sum()
