# Message: after one step
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    for _ in range(steps):
        inputs = images.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(inputs), labels), inputs)
        attacked = images + 2.5 * epsilon / steps * gradient.sign()
        attacked = torch.clamp(attacked, images - epsilon, images + epsilon).clamp(-1, 1)
    return attacked
