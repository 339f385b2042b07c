# Message: an image is neither mirrored nor as it was
def random_hflip(images, p, generator):
    flip = torch.rand(images.shape[:3], generator=generator) < p
    return torch.where(flip[..., None], images.flip(-1), images)
