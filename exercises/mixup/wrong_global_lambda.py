# Message: it does not draw everything from `generator`
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = torch.distributions.Beta(alpha, alpha).sample((n,))
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images[partners]
    return mixed, b * labels + (1 - b) * labels[partners]
