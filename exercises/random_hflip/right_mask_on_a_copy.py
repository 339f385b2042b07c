# A Boolean mask on a copy, with coins from bernoulli_ in place of rand.
def random_hflip(images, p, generator):
    coins = torch.empty(images.shape[0]).bernoulli_(p, generator=generator).bool()
    result = images.clone()
    result[coins] = images[coins].flip(3)
    return result
