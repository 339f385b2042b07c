# Message: it leaves .grad in the parameters of the model
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked.requires_grad_()
        loss(model(attacked), labels).backward()
        attacked = (attacked + 2.5 * epsilon / steps * attacked.grad.sign()).detach()
        attacked = torch.clamp(attacked, images - epsilon, images + epsilon).clamp(-1, 1)
    return attacked
