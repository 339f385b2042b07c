# Message: gradients cannot flow back
def l1_reg(model):
    total = torch.tensor(0.0)
    for p in model.parameters():
        total += p.data.abs().sum()
    return total
