# Message: epochs are counted from 0
def early_stopping_epoch(val_losses, patience):
    best, best_loss = 1, val_losses[0]
    for epoch, loss in enumerate(val_losses, start=1):
        if loss < best_loss:
            best, best_loss = epoch, loss
        elif epoch - best >= patience:
            break
    return best
