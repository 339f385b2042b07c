# Message: the images are not mixed
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = draw_beta(alpha, n, generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images
    return mixed, b * labels + (1 - b) * labels
