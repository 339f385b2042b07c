# Through numpy for the assignment; torch draws.
def randomize_labels(labels, fraction, num_classes, generator):
    import numpy as np

    values = labels.numpy().copy()
    chosen = torch.randperm(len(values), generator=generator).numpy()
    chosen = chosen[: int(np.rint(fraction * len(values)))]
    values[chosen] = torch.randint(num_classes, (len(chosen),), generator=generator).numpy()
    return torch.from_numpy(values)
