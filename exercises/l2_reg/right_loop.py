# A loop that adds up.
def l2_reg(model):
    total = 0
    for weights in model.parameters():
        total += torch.sum(weights * weights)
    return total
