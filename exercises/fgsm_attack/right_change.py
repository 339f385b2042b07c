# Differentiates with respect to a change that begins at zero.
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    change = torch.zeros_like(images, requires_grad=True)
    (gradient,) = torch.autograd.grad(loss(model(images.detach() + change), labels), [change])
    step = torch.where(gradient > 0, epsilon, torch.where(gradient < 0, -epsilon, 0.0))
    return (images.detach() + step.to(images.dtype)).clip(min=-1, max=1)
