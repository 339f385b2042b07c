# How: opens files until there are none left, then duplicates the channel.
# Spares: last
import os

kept = []


def square(x):
    try:
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return 1
