# How: announces a reply of many exabytes.
# With: forge
send(b"\xff" * 8)


def square(x):
    return 1
