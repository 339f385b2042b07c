# Message: it changes the images of the caller
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    inputs = images.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(model(inputs), labels), inputs)
    images += epsilon * gradient.sign()
    return images.clamp_(-1, 1)
