# Keeps the change, not the images, and clips that.
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    original = images.detach()
    change = torch.zeros_like(original)
    for _ in range(steps):
        change.requires_grad_()
        value = loss(model(original + change), labels)
        gradient = torch.autograd.grad(value, change)[0]
        change = (change.detach() + gradient.sign() * (2.5 * epsilon / steps)).clamp(
            -epsilon, epsilon
        )
        change = (original + change).clamp(-1, 1) - original
    return original + change
