# Message: where a loss is NaN
def early_stopping_epoch(val_losses, patience):
    import numpy as np

    for stop in range(patience, len(val_losses)):
        best = int(np.argmin(val_losses[: stop + 1]))
        if stop - best >= patience:
            return best
    return int(np.argmin(val_losses))
