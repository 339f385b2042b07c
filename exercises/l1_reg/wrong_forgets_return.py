# Message: it returns nothing
def l1_reg(model):
    total = sum(weights.abs().sum() for weights in model.parameters())
