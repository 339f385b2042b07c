# Rolls a padded image, so that only padding comes back on the other side.
def random_shift(images, max_pixels, generator):
    m = max_pixels
    shifts = torch.randint(2 * m + 1, (len(images), 2), generator=generator) - m
    padded = F.pad(images, (m, m, m, m), mode="replicate")
    moved = [torch.roll(x, tuple(s.tolist()), dims=(1, 2)) for x, s in zip(padded, shifts)]
    h, w = images.shape[2:]
    return torch.stack(moved)[:, :, m : m + h, m : m + w]
