# Message: that is the norm; the penalty is its square
def l2_reg(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).norm()
