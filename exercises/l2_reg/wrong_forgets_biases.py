# Message: biases count too
def l2_reg(model):
    return sum(p.square().sum() for name, p in model.named_parameters() if "weight" in name)
