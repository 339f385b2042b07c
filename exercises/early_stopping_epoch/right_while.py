# Jumps from one minimum to the next, looking `patience` epochs ahead.
def early_stopping_epoch(val_losses, patience):
    best = 0
    while True:
        ahead = range(best + 1, min(best + patience + 1, len(val_losses)))
        better = [epoch for epoch in ahead if val_losses[epoch] < val_losses[best]]
        if not better:
            return best
        best = better[0]
