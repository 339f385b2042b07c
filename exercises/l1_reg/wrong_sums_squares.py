# Message: that is the sum of squares; L1 sums absolute values
def l1_reg(model):
    return sum((p**2).sum() for p in model.parameters())
