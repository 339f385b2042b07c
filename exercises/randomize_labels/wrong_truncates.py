# Message: 58 of 200 labels should be replaced, not 57
def randomize_labels(labels, fraction, num_classes, generator):
    count = int(fraction * len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    new = labels.clone()
    new[chosen] = torch.randint(num_classes, (count,), generator=generator)
    return new
