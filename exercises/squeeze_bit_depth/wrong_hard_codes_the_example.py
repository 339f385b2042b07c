# Message: it is wrong for 3 bits
def squeeze_bit_depth(images, bits):
    top = 1 if bits == 1 else 3
    return torch.round((images + 1) / 2 * top) / top * 2 - 1
