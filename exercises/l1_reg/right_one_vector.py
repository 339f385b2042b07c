# All parameters in one long vector.
def l1_reg(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).abs().sum()
