# Message: it changes its input
def random_shift(images, max_pixels, generator):
    m, (h, w) = max_pixels, images.shape[2:]
    for image in images:
        top, left = torch.randint(0, 2 * m + 1, (2,), generator=generator).tolist()
        padded = F.pad(image[None], (m, m, m, m), mode="replicate")[0]
        image[:] = padded[:, top : top + h, left : left + w]
    return images
