# How: writes half a frame and waits.
# With: forge
send((100).to_bytes(8, "big") + b"x")


def square(x):
    return 1
