# How: writes a reply before it is asked for one.
# With: forge
send(frame(value(9)))


def square(x):
    return 1
