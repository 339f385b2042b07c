# Running minimum with numpy; NaN counts as infinite.
def early_stopping_epoch(val_losses, patience):
    import numpy as np

    losses = np.asarray(val_losses, dtype=float)
    losses = np.where(np.isnan(losses), np.inf, losses)
    lowest = np.minimum.accumulate(losses)
    new = np.flatnonzero(np.r_[True, losses[1:] < lowest[:-1]])
    long_waits = np.flatnonzero(np.diff(np.r_[new, len(losses) + patience + 1]) > patience)
    return int(new[long_waits[0]])
