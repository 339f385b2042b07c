# The columns of each image are picked by an index, forwards or backwards.
def random_hflip(images, p, generator):
    n, c, h, w = images.shape
    forwards = torch.arange(w)
    backwards = torch.arange(w - 1, -1, -1)
    probabilities = torch.full((n,), float(p))
    coins = torch.bernoulli(probabilities, generator=generator).bool()
    columns = torch.where(coins[:, None], backwards, forwards).to(images.device)
    return images.gather(3, columns[:, None, None, :].expand(n, c, h, w))
