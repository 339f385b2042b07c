# Message: 2 ** bits levels are 2 ** bits - 1 steps apart
def squeeze_bit_depth(images, bits):
    top = 2**bits
    return torch.round((images + 1) / 2 * top) / top * 2 - 1
