# Message: comes long after the stop
def early_stopping_epoch(val_losses, patience):
    return min(range(len(val_losses)), key=lambda epoch: val_losses[epoch])
