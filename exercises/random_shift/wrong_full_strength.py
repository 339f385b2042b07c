# Message: they are -2, 2
def random_shift(images, max_pixels, generator):
    n, _, h, w = images.shape
    down, right = max_pixels * (2 * torch.randint(0, 2, (2, n), generator=generator) - 1)
    rows = (torch.arange(h) - down[:, None]).clamp(0, h - 1)[:, :, None]
    columns = (torch.arange(w) - right[:, None]).clamp(0, w - 1)[:, None, :]
    return images[torch.arange(n)[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
