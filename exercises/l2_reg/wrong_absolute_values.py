# Message: that is the sum of absolute values; L2 sums squares
def l2_reg(model):
    return sum(p.abs().sum() for p in model.parameters())
