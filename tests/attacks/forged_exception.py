# How: answers the request for a copy with an exception.
# With: forge
send(frame(error()))


def square(x):
    return 1
