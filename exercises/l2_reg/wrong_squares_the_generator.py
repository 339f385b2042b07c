# Message: TypeError: unsupported operand
def l2_reg(model):
    return (model.parameters() ** 2).sum()
