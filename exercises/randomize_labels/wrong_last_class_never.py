# Message: not all of 3 classes are equally likely
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    new = labels.clone()
    new[chosen] = torch.randint(0, num_classes - 1, (count,), generator=generator)
    return new
