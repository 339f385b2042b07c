# How: fills memory in steps, up to a gigabyte, which is more than there is for it.
# Spares: last
kept = []


def square(x):
    for _ in range(16):
        kept.append(bytearray(b"x" * 2**26))
    return 1
