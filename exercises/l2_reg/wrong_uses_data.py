# Message: gradients cannot flow back
def l2_reg(model):
    total = torch.tensor(0.0)
    for p in model.parameters():
        total += p.data.square().sum()
    return total
