# torch.lerp from the partner towards the image.
def mixup(images, labels, alpha, generator):
    n = images.shape[0]
    lam = draw_beta(alpha, n, generator).to(images.device)
    partners = torch.randperm(n, generator=generator)
    mixed = torch.lerp(images[partners], images, lam[:, None, None, None])
    return mixed, torch.lerp(labels[partners], labels, lam[:, None])
