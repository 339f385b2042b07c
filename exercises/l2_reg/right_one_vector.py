# All parameters in one long vector.
def l2_reg(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).pow(2).sum()
