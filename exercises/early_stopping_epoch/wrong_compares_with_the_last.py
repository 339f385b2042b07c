# Message: it stops too late
def early_stopping_epoch(val_losses, patience):
    best, bad = 0, 0
    for epoch in range(1, len(val_losses)):
        bad = 0 if val_losses[epoch] < val_losses[epoch - 1] else bad + 1
        if val_losses[epoch] < val_losses[best]:
            best = epoch
        if bad >= patience:
            break
    return best
