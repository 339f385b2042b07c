# Message: return a tensor, not a list
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    new = labels.tolist()
    for position in torch.randperm(len(new), generator=generator)[:count].tolist():
        new[position] = int(torch.randint(num_classes, (1,), generator=generator))
    return new
