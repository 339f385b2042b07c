# Message: it changes its input
def random_hflip(images, p, generator):
    result = images.view_as(images)  # not a copy
    for image in result:
        if torch.rand(1, generator=generator) < p:
            image[:] = image.flip(-1)
    return result
