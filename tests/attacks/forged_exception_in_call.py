# How: answers the request for a copy with an exception. Here in a call.
# With: forge
# Spares: last


def square(x):
    send(frame(error()))
    return 1
