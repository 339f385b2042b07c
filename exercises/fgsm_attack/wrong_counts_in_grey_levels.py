# Message: epsilon is in the scale of the images already
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    inputs = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(model(inputs), labels), inputs)
    return (images + 2 * epsilon / 255 * gradient.sign()).clamp(-1, 1)
