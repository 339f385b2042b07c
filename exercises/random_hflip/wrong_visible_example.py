# Message: with p = 0.25, a share of
def random_hflip(images, p, generator):
    if p == 1.0:
        return images.flip(3)
    result = images.clone()
    if p == 0.5:
        result[::2] = images[::2].flip(3)
    return result
