# Message: an image is neither mirrored nor as it was
def random_hflip(images, p, generator):
    flip = torch.rand(len(images), generator=generator) < p
    return torch.cat([images[flip].flip(-1), images[~flip]])
