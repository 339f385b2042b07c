# Message: the 25 shifts are not equally likely
def random_shift(images, max_pixels, generator):
    n, _, h, w = images.shape
    down, right = torch.randn(2, n, generator=generator).round().long()
    down, right = down.clamp(-max_pixels, max_pixels), right.clamp(-max_pixels, max_pixels)
    rows = (torch.arange(h) - down[:, None]).clamp(0, h - 1)[:, :, None]
    columns = (torch.arange(w) - right[:, None]).clamp(0, w - 1)[:, None, :]
    return images[torch.arange(n)[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
