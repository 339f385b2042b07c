# Message: it leaves the model in another mode
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    model.eval()
    inputs = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(model(inputs), labels), inputs)
    return (images + epsilon * gradient.sign()).clamp(-1, 1)
