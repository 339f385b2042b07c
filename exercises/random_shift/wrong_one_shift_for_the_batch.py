# Message: draw shifts for each image
def random_shift(images, max_pixels, generator):
    m, (h, w) = max_pixels, images.shape[2:]
    top, left = torch.randint(0, 2 * m + 1, (2,), generator=generator).tolist()
    padded = F.pad(images, (m, m, m, m), mode="replicate")
    return padded[:, :, top : top + h, left : left + w]
