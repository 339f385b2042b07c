# Message: the last epoch counts too
def early_stopping_epoch(val_losses, patience):
    best = 0
    for epoch in range(len(val_losses) - 1):
        if val_losses[epoch] < val_losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best
