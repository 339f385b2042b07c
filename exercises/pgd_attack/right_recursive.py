# Takes one step in a function of its own, with torch.func.
def pgd_attack(model, images, labels, epsilon, steps, *, loss=F.cross_entropy):
    slope = torch.func.grad(lambda inputs: loss(model(inputs), labels))

    def step(current):
        moved = current + torch.sign(slope(current).detach()) * 2.5 * epsilon / steps
        return torch.clip(torch.clip(moved - images, -epsilon, epsilon) + images, -1, 1).detach()

    attacked = images.detach()
    for _ in range(steps):
        attacked = step(attacked)
    return attacked
