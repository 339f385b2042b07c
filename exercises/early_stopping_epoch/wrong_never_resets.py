# Message: a new minimum starts a new count
def early_stopping_epoch(val_losses, patience):
    best, bad = 0, 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        elif epoch > 0:
            bad += 1
        if bad >= patience:
            break
    return best
