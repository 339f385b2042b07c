# Message: more than two images are mixed into one
def mixup(images, labels, alpha, generator):
    n = len(images)
    partners = torch.randperm(n, generator=generator)
    lam = draw_beta(alpha, n, generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    mixed = a * images + (1 - a) * images.mean(0)
    return mixed, b * labels + (1 - b) * labels.mean(0)
