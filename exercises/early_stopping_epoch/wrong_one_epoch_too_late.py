# Message: it stops too late
def early_stopping_epoch(val_losses, patience):
    best, bad = 0, 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best] or epoch == 0:
            best, bad = epoch, 0
        else:
            bad += 1
        if bad > patience:
            break
    return best
