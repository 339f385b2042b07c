# Message: the shape should stay
def random_hflip(images, p, generator):
    flip = torch.rand(len(images), generator=generator) < p
    return torch.cat([images[flip].flip(-1), images[~flip], images[:1]])
