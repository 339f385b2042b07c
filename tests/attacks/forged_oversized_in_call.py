# How: announces a reply of many exabytes. Here in a call.
# With: forge
# Spares: last


def square(x):
    send(b"\xff" * 8)
    return 1
