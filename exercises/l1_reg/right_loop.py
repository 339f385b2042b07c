# A loop that adds up.
def l1_reg(model):
    total = 0
    for weights in model.parameters():
        total += torch.abs(weights).sum()
    return total
