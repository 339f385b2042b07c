# Message: return a tensor, not a list
def random_hflip(images, p, generator):
    flip = torch.rand(len(images), generator=generator) < p
    return [image.flip(-1) if coin else image for image, coin in zip(images, flip)]
