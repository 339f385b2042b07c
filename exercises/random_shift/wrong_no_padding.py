# Message: the shape should stay
def random_shift(images, max_pixels, generator):
    m, (h, w) = max_pixels, images.shape[2:]
    top, left = torch.randint(0, 2 * m + 1, (2,), generator=generator).tolist()
    return images[:, :, top : h - 2 * m + top, left : w - 2 * m + left]
