# Message: 0 of 10 equal weights are zero, not exactly 3
def magnitude_prune(model, fraction):
    count = 0
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                small = p.abs() < fraction
                p[small] = 0
                count += int(small.sum())
    return count
