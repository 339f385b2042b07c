# Message: toss a coin for each image
def random_hflip(images, p, generator):
    if torch.rand(1, generator=generator) < p:
        return images.flip(-1)
    return images
