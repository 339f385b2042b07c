# Counts the bad epochs in a row, as many frameworks do.
def early_stopping_epoch(val_losses, patience):
    best_loss, best_epoch, bad = float("inf"), 0, 0
    for epoch, loss in enumerate(val_losses):
        if loss < best_loss:
            best_loss, best_epoch, bad = loss, epoch, 0
        else:
            bad += 1
            if bad == patience:
                return best_epoch
    return best_epoch
