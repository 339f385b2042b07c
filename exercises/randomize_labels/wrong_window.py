# Message: it always replaces the same positions
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    new = labels.clone()
    step = len(labels) / max(count, 1)
    for k in range(count):
        new[int(k * step)] = torch.randint(num_classes, (1,), generator=generator)
    return new
