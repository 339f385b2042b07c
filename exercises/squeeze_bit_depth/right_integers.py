# Goes by way of whole numbers.
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    whole = ((images.double() + 1) * top / 2 + 0.5).long()
    return (2 * whole.double() / top - 1).to(images.dtype)
