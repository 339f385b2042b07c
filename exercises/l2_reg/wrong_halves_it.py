# Message: that is half of it: leave out the factor
def l2_reg(model):
    return 0.5 * sum((p**2).sum() for p in model.parameters())
