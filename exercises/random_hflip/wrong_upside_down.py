# Message: upside down
def random_hflip(images, p, generator):
    flip = torch.rand(len(images), generator=generator) < p
    return torch.where(flip[:, None, None, None], images.flip(2), images)
