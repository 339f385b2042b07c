# Message: it changes the images of the caller
def squeeze_bit_depth(images, bits):
    top = 2**bits - 1
    return images.add_(1).div_(2).mul_(top).round_().div_(top).mul_(2).sub_(1)
