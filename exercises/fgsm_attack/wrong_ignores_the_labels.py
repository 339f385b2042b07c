# Message: it should attack the loss at the given labels
def fgsm_attack(model, images, labels, epsilon, *, loss=F.cross_entropy):
    inputs = images.detach().clone().requires_grad_()
    logits = model(inputs)
    (gradient,) = torch.autograd.grad(loss(logits, logits.argmax(dim=1)), inputs)
    return (images + epsilon * gradient.sign()).clamp(-1, 1)
