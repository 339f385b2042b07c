# Message: what leaves on one side comes back on the other
def random_shift(images, max_pixels, generator):
    m = max_pixels
    shifts = torch.randint(-m, m + 1, (len(images), 2), generator=generator).tolist()
    return torch.stack([torch.roll(x, tuple(s), dims=(1, 2)) for x, s in zip(images, shifts)])
