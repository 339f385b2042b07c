# Message: pull back after every step, not only at the end
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked.requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(attacked), labels), attacked)
        attacked = (attacked + 2.5 * epsilon / steps * gradient.sign()).detach()
    return torch.clamp(attacked, images - epsilon, images + epsilon).clamp(-1, 1)
