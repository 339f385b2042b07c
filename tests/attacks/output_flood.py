# How: prints without end to stdout, stderr and the files 1 and 2.
# Spares: last
import os
import sys


def square(x):
    for _ in range(200):
        print("x" * 2**20)
        print("x" * 2**20, file=sys.stderr)
        os.write(1, b"x" * 2**16)
        os.write(2, b"x" * 2**16)
    return 1
