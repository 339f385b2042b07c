# Joins the two limits into one box before the loop.
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    start = images.detach()
    low, high = (start - epsilon).clamp(min=-1), (start + epsilon).clamp(max=1)
    current, step_size, done = start, 2.5 * epsilon / steps, 0
    while done < steps:
        inputs = current.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(model(inputs), labels), inputs)
        current = torch.clamp(current + step_size * gradient.sign(), min=low, max=high)
        done += 1
    return current
