# Message: it always replaces the same positions
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    new = labels.clone()
    new[:count] = torch.randint(num_classes, (count,), generator=generator)
    return new
