# A padded copy of each image, from which a window is cut.
def random_shift(images, max_pixels, generator):
    h, w = images.shape[2:]
    padded = F.pad(images, (max_pixels,) * 4, mode="replicate")
    result = []
    for image in padded:
        top = int(torch.randint(0, 2 * max_pixels + 1, (1,), generator=generator))
        left = int(torch.randint(0, 2 * max_pixels + 1, (1,), generator=generator))
        result.append(image[:, top : top + h, left : left + w])
    return torch.stack(result)
