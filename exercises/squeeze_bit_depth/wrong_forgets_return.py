# Message: it returns nothing
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    levels = torch.round((images + 1) / 2 * top)
    images = levels / top * 2 - 1
