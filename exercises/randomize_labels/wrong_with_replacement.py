# Message: draw no picture twice
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    chosen = torch.randint(len(labels), (count,), generator=generator)
    new = labels.clone()
    new[chosen] = torch.randint(num_classes, (count,), generator=generator)
    return new
