# How: forks up to 200 short-lived children, more than there may be at once.
# Spares: last
import os
import time


def square(x):
    for _ in range(200):
        try:
            if os.fork() == 0:
                time.sleep(2)
                os._exit(0)
        except OSError:
            break
    return 1
