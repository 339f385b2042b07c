# Message: it does not draw from `generator`
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    chosen = torch.randperm(len(labels))[:count]
    new = labels.clone()
    new[chosen] = torch.randint(num_classes, (count,))
    return new
