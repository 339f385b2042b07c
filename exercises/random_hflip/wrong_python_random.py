# Message: it does not draw from `generator`
def random_hflip(images, p, generator):
    import random

    return torch.stack([image.flip(-1) if random.random() < p else image for image in images])
