# Message: gradients cannot flow back
def l1_reg(model):
    return sum(p.detach().abs().sum() for p in model.parameters())
