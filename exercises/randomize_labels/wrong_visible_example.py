# Message: has its old label
def randomize_labels(labels, fraction, num_classes, generator):
    count = {0.0: 0, 0.29: 58, 0.3: 30}.get(fraction, len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    new = labels.clone()
    new[chosen] = torch.randint(num_classes, (count,), generator=generator)
    return new
