# How: writes a reply before it is asked for one. Here in a call.
# With: forge
# Spares: last


def square(x):
    send(frame(value(9)))
    return 1
