# A random class for every picture first, and a mask that chooses which of them count.
def randomize_labels(labels, fraction, num_classes, generator):
    drawn = torch.randint(num_classes, labels.shape, generator=generator)
    scores = torch.rand(len(labels), generator=generator, dtype=torch.float64)
    mask = torch.zeros(len(labels), dtype=torch.bool)
    mask[scores.argsort()[: round(fraction * len(labels))]] = True
    return torch.where(mask, drawn, labels)
