# Message: is return inside the loop?
def l2_reg(model):
    total = 0
    for weights in model.parameters():
        total = total + weights.square().sum()
        return total
