# How: writes half a frame and waits. Here in a call.
# With: forge
# Spares: last


def square(x):
    send((100).to_bytes(8, "big") + b"x")
    return 1
