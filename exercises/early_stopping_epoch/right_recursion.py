# By recursion on the first minimum that comes in time.
def early_stopping_epoch(val_losses, patience):
    def search(best):
        for epoch in range(best + 1, len(val_losses)):
            if epoch > best + patience:
                break
            if val_losses[epoch] < val_losses[best]:
                return search(epoch)
        return best

    return search(0)
