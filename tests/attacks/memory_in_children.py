# How: fills memory in children, each below the limit, a gigabyte in all.
# Spares: last
import os
import time


def square(x):
    for _ in range(4):
        if os.fork() == 0:
            kept = bytearray(b"x" * 2**28)
            time.sleep(3)
            os._exit(len(kept) % 2)
    time.sleep(3)
    return 1
