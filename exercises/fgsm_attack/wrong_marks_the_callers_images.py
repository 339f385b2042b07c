# Message: it leaves requires_grad on the images
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    images.requires_grad_()
    (gradient,) = torch.autograd.grad(loss(model(images), labels), images)
    return (images + epsilon * gradient.sign()).clamp(-1, 1).detach()
