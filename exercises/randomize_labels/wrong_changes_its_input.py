# Message: it changes the labels that it gets
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    labels[chosen] = torch.randint(num_classes, (count,), generator=generator)
    return labels
