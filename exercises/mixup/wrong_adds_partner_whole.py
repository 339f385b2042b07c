# Message: the two weights of an image should add up to 1
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = draw_beta(alpha, n, generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + images[partners]
    return mixed, b * labels + (1 - b) * labels[partners]
