# Built on torch's norms, module by module.
def l2_reg(model):
    penalty = torch.zeros(())
    for module in model.modules():
        for weights in module.parameters(recurse=False):
            penalty = penalty + torch.linalg.vector_norm(weights) ** 2
    return penalty
