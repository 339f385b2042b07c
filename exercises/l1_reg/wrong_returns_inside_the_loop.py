# Message: is return inside the loop?
def l1_reg(model):
    total = 0
    for weights in model.parameters():
        total = total + weights.abs().sum()
        return total
