# Message: it is wrong for a model with several layers
def l1_reg(model):
    weight, bias, *_ = model.parameters()
    return weight.abs().sum() + bias.abs().sum()
