# Message: the channels of an image move apart
def random_shift(images, max_pixels, generator):
    n, c, h, w = images.shape
    m = max_pixels
    padded = F.pad(images, (m, m, m, m), mode="replicate").flatten(0, 1)
    corners = torch.randint(0, 2 * m + 1, (n * c, 2), generator=generator).tolist()
    planes = [x[a : a + h, b : b + w] for x, (a, b) in zip(padded, corners)]
    return torch.stack(planes).view(n, c, h, w)
