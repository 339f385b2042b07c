# Message: it changes the images of the caller
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    original = images.clone()
    for _ in range(steps):
        inputs = images.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(inputs), labels), inputs)
        images += 2.5 * epsilon / steps * gradient.sign()
        images.copy_(torch.clamp(images, original - epsilon, original + epsilon).clamp(-1, 1))
    return images
