# Message: images always meet the same partners
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.arange(n - 1, -1, -1)
    lam = draw_beta(alpha, n, generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images[partners]
    return mixed, b * labels + (1 - b) * labels[partners]
