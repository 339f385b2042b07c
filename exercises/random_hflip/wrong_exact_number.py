# Message: the same number of images is flipped in every batch
def random_hflip(images, p, generator):
    chosen = torch.randperm(len(images), generator=generator)[: int(p * len(images))]
    result = images.clone()
    result[chosen] = images[chosen].flip(-1)
    return result
