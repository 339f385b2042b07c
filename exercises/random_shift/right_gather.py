# Two gathers, first the rows and then the columns; shifts from floor of uniform numbers.
def random_shift(images, max_pixels, generator):
    n, c, h, w = images.shape
    draws = torch.rand(n, 2, generator=generator, dtype=torch.float64)
    shifts = (draws * (2 * max_pixels + 1)).floor().long() - max_pixels
    rows = (torch.arange(h) + shifts[:, :1]).clamp(min=0, max=h - 1)
    columns = (torch.arange(w) + shifts[:, 1:]).clamp(min=0, max=w - 1)
    rows, columns = rows.to(images.device), columns.to(images.device)
    moved = images.gather(2, rows[:, None, :, None].expand(n, c, h, w))
    return moved.gather(3, columns[:, None, None, :].expand(n, c, h, w))
