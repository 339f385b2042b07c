# Message: it changes the parameters of the model
def l1_reg(model):
    total = 0
    for p in model.parameters():
        p.data.abs_()
        total = total + p.sum()
    return total
