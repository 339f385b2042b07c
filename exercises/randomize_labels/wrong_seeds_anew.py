# Message: it always replaces the same positions
def randomize_labels(labels, fraction, num_classes, generator):
    generator.manual_seed(0)
    count = round(fraction * len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    new = labels.clone()
    new[chosen] = torch.randint(num_classes, (count,), generator=generator)
    return new
