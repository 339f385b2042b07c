# Message: bits is a number of bits, not of levels
def squeeze_bit_depth(images, bits):
    top = max(bits - 1, 1)
    return torch.round((images + 1) / 2 * top) / top * 2 - 1
