# Message: gradients cannot flow back
def l2_reg(model):
    return sum(p.detach().square().sum() for p in model.parameters())
