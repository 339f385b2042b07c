# Weights 0 and 1 in place of a choice, drawn in the shape in which they are used.
def random_hflip(images, p, generator):
    coins = torch.rand(images.size(0), 1, 1, 1, generator=generator, dtype=torch.float64) < p
    coins = coins.to(images)
    return coins * torch.fliplr(images.movedim(3, 1)).movedim(1, 3) + (1 - coins) * images
