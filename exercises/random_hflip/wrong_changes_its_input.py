# Message: it changes its input
def random_hflip(images, p, generator):
    flip = torch.rand(len(images), generator=generator) < p
    images[flip] = images[flip].flip(-1)
    return images
