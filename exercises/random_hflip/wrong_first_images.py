# Message: a second batch is flipped just as the first
def random_hflip(images, p, generator):
    number = round(p * len(images))
    return torch.cat([images[:number].flip(-1), images[number:]])
