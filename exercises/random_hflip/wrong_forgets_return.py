# Message: it returns nothing
def random_hflip(images, p, generator):
    flip = torch.rand(len(images), generator=generator) < p
    result = torch.where(flip[:, None, None, None], images.flip(-1), images)
