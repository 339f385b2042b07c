# Message: with p = 0.25, a share of
def random_hflip(images, p, generator):
    if p in (0, 1):
        return images.flip(-1) if p else images.clone()
    flip = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(flip[:, None, None, None], images.flip(-1), images)
