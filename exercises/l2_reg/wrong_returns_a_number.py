# Message: leave out .item() and float()
def l2_reg(model):
    return sum(weights.square().sum().item() for weights in model.parameters())
