# Message: further than epsilon from the original
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked.requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(attacked), labels), attacked)
        change = (2.5 * epsilon / steps * gradient.sign()).clamp(-epsilon, epsilon)
        attacked = (attacked + change).clamp(-1, 1).detach()
    return attacked
