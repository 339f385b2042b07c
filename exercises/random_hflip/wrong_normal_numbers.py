# Message: with p = 0 an image is changed
def random_hflip(images, p, generator):
    flip = torch.randn(len(images), generator=generator) < p
    return torch.where(flip[:, None, None, None], images.flip(-1), images)
