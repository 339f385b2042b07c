# Message: it should return floats
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    return (torch.round((images + 1) / 2 * top) * 255 / top).to(torch.uint8)
