# Message: l1_reg(net) should be about 48.4451
def l1_reg(model):
    return sum(p.sum() for p in model.parameters())
