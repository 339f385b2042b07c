# Differentiates a function of the images with torch.func.
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    def objective(inputs):
        return loss(model(inputs), labels)

    gradient = torch.func.grad(objective)(images.detach()).detach()
    return torch.minimum(
        torch.maximum(images.detach() + epsilon * torch.sign(gradient), -torch.ones_like(images)),
        torch.ones_like(images),
    )
