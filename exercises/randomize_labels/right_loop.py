# A loop over the chosen pictures, each with a draw of its own.
def randomize_labels(labels, fraction, num_classes, generator):
    new = labels.clone()
    order = torch.randperm(len(labels), generator=generator).tolist()
    for position in order[: round(fraction * len(labels))]:
        new[position] = torch.randint(0, num_classes, (1,), generator=generator).item()
    return new
