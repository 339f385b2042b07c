# Message: shift them to the range from 0 to 1 first
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    return torch.round(images * top) / top
