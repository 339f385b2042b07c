# multinomial without replacement chooses the pictures, floor of rand the classes.
def randomize_labels(labels, fraction, num_classes, generator):
    count = round(fraction * len(labels))
    if count == 0:
        return labels.clone()
    chosen = torch.multinomial(torch.ones(len(labels)), count, generator=generator)
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    classes = (uniform * num_classes).floor().long()
    return labels.scatter(0, chosen, classes)
