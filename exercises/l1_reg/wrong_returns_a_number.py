# Message: leave out .item() and float()
def l1_reg(model):
    return sum(weights.abs().sum().item() for weights in model.parameters())
