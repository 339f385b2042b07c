# Message: [1.0, 0.5, 0.7] with patience 5: epoch 1, not 2
def early_stopping_epoch(val_losses, patience):
    best = 0
    for epoch, loss in enumerate(val_losses):
        if loss < val_losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch - patience
    return len(val_losses) - 1
