# One image at a time, with partners drawn with replacement and a list as result.
def mixup(images, labels, alpha, generator):
    mixed_images, mixed_labels = [], []
    for i in range(len(images)):
        j = int(torch.randint(len(images), (1,), generator=generator))
        lam = draw_beta(alpha, 1, generator).item()
        mixed_images.append(lam * images[i] + (1 - lam) * images[j])
        mixed_labels.append(lam * labels[i] + (1 - lam) * labels[j])
    return [torch.stack(mixed_images), torch.stack(mixed_labels)]
