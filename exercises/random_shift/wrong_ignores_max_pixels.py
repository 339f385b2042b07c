# Message: with max_pixels = 0
def random_shift(images, max_pixels, generator):
    n, _, h, w = images.shape
    down, right = torch.randint(-2, 3, (2, n), generator=generator)
    rows = (torch.arange(h) - down[:, None]).clamp(0, h - 1)[:, :, None]
    columns = (torch.arange(w) - right[:, None]).clamp(0, w - 1)[:, None, :]
    return images[torch.arange(n)[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
