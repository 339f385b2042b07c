# How: writes random bytes into the channel. Here in a call.
# With: forge
# Spares: last


def square(x):
    send(os.urandom(4096))
    return 1
