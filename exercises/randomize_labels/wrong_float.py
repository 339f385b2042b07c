# Message: labels should stay int64
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    chosen = torch.randperm(len(labels), generator=generator)[:count]
    new = labels.float()
    new[chosen] = torch.rand(count, generator=generator).mul(num_classes).floor()
    return new
