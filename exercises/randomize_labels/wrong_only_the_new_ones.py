# Message: return 200 labels
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    return torch.randint(num_classes, (count,), generator=generator)
