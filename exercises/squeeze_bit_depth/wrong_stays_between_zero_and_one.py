# Message: bring the result back to the range from -1 to 1
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    return torch.round((images + 1) / 2 * top) / top
