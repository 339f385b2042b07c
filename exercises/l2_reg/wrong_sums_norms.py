# Message: that sums the norms of the tensors
def l2_reg(model):
    return sum(p.norm() for p in model.parameters())
