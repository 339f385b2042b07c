# Message: it stops an epoch too early
def early_stopping_epoch(val_losses, patience):
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        elif epoch and epoch - best >= patience - 1:
            break
    return best
