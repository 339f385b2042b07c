# Rounds on a scale from 0 to the highest level.
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    levels = torch.round((images + 1) / 2 * top)
    return levels / top * 2 - 1
