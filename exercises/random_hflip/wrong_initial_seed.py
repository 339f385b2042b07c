# Message: keep drawing from `generator`
def random_hflip(images, p, generator):
    mine = torch.Generator().manual_seed(generator.initial_seed())
    flip = torch.rand(len(images), generator=mine) < p
    return torch.where(flip[:, None, None, None], images.flip(-1), images)
