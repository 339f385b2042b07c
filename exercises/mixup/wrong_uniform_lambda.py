# Message: draw it from Beta(alpha, alpha)
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = torch.rand(n, generator=generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images[partners]
    return mixed, b * labels + (1 - b) * labels[partners]
