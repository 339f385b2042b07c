# How: answers the next thousand requests in advance.
# With: forge
send(frame(value(9)) * 1000)


def square(x):
    return 1
