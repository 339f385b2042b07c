# Message: 58 of 200 labels should be replaced, not
def randomize_labels(labels, fraction, num_classes, generator):
    mask = torch.rand(len(labels), generator=generator) < fraction
    drawn = torch.randint(num_classes, (len(labels),), generator=generator)
    return torch.where(mask, drawn, labels)
