# Message: it returns nothing
def l2_reg(model):
    total = sum(weights.square().sum() for weights in model.parameters())
