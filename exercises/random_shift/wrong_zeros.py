# Message: zeros come in at the edge
def random_shift(images, max_pixels, generator):
    m, (h, w) = max_pixels, images.shape[2:]
    padded = F.pad(images, (m, m, m, m))
    corners = torch.randint(0, 2 * m + 1, (len(images), 2), generator=generator).tolist()
    return torch.stack([x[:, a : a + h, b : b + w] for x, (a, b) in zip(padded, corners)])
