# Message: biases count too
def l1_reg(model):
    return sum(p.abs().sum() for name, p in model.named_parameters() if "weight" in name)
