# Message: use the loss that is passed in
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    inputs = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(model(inputs), labels), inputs)
    return (images + epsilon * gradient.sign()).clamp(-1, 1)
