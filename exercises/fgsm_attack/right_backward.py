# Differentiates with backward(), and cleans up behind it.
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    inputs = images.detach().clone()
    inputs.requires_grad = True
    loss(model(inputs), labels).backward()
    model.zero_grad()
    with torch.no_grad():
        attacked = inputs + epsilon * inputs.grad.sign()
        return torch.clamp(attacked, -1, 1)
