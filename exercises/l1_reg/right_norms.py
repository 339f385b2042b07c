# Built on torch's norms, module by module.
def l1_reg(model):
    penalty = torch.zeros(())
    for module in model.modules():
        for weights in module.parameters(recurse=False):
            penalty = penalty + torch.linalg.vector_norm(weights, ord=1)
    return penalty
