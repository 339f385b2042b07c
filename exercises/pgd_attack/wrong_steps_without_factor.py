# Message: the factor 2.5 is missing
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked.requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(attacked), labels), attacked)
        attacked = (attacked + epsilon / steps * gradient.sign()).detach()
        attacked = torch.clamp(attacked, images - epsilon, images + epsilon).clamp(-1, 1)
    return attacked
