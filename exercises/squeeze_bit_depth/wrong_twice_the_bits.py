# Message: 2 bits give 2 ** 2 = 4 levels
def squeeze_bit_depth(images, bits):
    top = bits if bits == 1 else 2 * bits
    return torch.round((images + 1) / 2 * top) / top * 2 - 1
