# Message: a batch of shape (5, 3, 4, 7)
def random_shift(images, max_pixels, generator):
    n, _, h, w = images.shape
    down, right = torch.randint(-max_pixels, max_pixels + 1, (2, n), generator=generator)
    rows = (torch.arange(h) - down[:, None]).clamp(0, h - 1)[:, :, None]
    columns = (torch.arange(w) - right[:, None]).clamp(0, h - 1)[:, None, :]
    return images[torch.arange(n)[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
