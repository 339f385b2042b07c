# Message: it does not draw from `generator`
def random_hflip(images, p, generator):
    flip = torch.rand(len(images)) < p
    return torch.where(flip[:, None, None, None], images.flip(-1), images)
