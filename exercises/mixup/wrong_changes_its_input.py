# Message: it changes its input
def mixup(images, labels, alpha, generator):
    partners = torch.randperm(len(images), generator=generator)
    lam = draw_beta(alpha, len(images), generator)
    a, b = lam.view(-1, 1, 1, 1), lam.view(-1, 1)
    other_images, other_labels = images[partners], labels[partners]
    images *= a
    images += (1 - a) * other_images
    labels *= b
    labels += (1 - b) * other_labels
    return images, labels
