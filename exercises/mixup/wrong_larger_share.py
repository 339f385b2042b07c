# Message: on average, not 0.5
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = draw_beta(alpha, n, generator)
    lam = torch.maximum(lam, 1 - lam)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images[partners]
    return mixed, b * labels + (1 - b) * labels[partners]
