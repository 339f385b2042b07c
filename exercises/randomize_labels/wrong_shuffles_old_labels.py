# Message: do not only reorder the old ones
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    new = labels.clone()
    new[chosen] = labels[chosen[torch.randperm(count, generator=generator)]]
    return new
