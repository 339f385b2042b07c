# How: answers the next thousand requests in advance. Here in a call.
# With: forge
# Spares: last


def square(x):
    send(frame(value(9)) * 1000)
    return 1
