# Message: it is wrong for a model with several layers
def l2_reg(model):
    weight, bias, *_ = model.parameters()
    return weight.square().sum() + bias.square().sum()
