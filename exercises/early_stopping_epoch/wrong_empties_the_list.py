# Message: it changes the list of losses
def early_stopping_epoch(val_losses, patience):
    best, best_loss, epoch = 0, val_losses[0], 0
    while val_losses:
        loss = val_losses.pop(0)
        if loss < best_loss:
            best, best_loss = epoch, loss
        elif epoch - best >= patience:
            break
        epoch += 1
    return best
