# Message: give λ the shape (n, 1) there
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = draw_beta(alpha, n, generator)
    a, b = lam.view(-1, 1, 1, 1), lam
    mixed = a * images + (1 - a) * images[partners]
    return mixed, b * labels + (1 - b) * labels[partners]
