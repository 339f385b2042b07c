# A matrix of shares (n, n), applied to images and labels alike.
def mixup(images, labels, alpha, generator):
    n = len(images)
    lam = draw_beta(alpha, n, generator)
    shares = torch.diag(lam)
    partners = torch.randperm(n, generator=generator)
    shares[torch.arange(n), partners] += 1 - lam
    shares = shares.to(images)
    return torch.einsum("ij,jchw->ichw", shares, images), shares @ labels
