# Keeps the images as a leaf tensor and differentiates with backward().
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked.requires_grad_(True)
        loss(model(attacked), labels).backward()
        with torch.no_grad():
            moved = attacked + 2.5 * epsilon / steps * attacked.grad.sign()
            moved = torch.max(torch.min(moved, images + epsilon), images - epsilon)
            attacked = moved.clamp(-1, 1).detach()
    model.zero_grad()
    return attacked
