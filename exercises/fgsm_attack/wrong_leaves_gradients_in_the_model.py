# Message: it leaves .grad in the parameters of the model
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    inputs = images.detach().clone().requires_grad_()
    loss(model(inputs), labels).backward()
    return (images + epsilon * inputs.grad.sign()).clamp(-1, 1)
