# A loop over the images, each with its own draw.
def random_hflip(images, p, generator):
    result = []
    for image in images:
        if torch.rand(1, generator=generator).item() < p:
            image = torch.flip(image, dims=[2])
        result.append(image)
    return torch.stack(result)
