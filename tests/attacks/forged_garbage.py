# How: writes random bytes into the channel.
# With: forge
send(os.urandom(4096))


def square(x):
    return 1
