# How: raises the recursion limit and recurses until the stack of C ends.
# Spares: last
import sys


def square(x):
    sys.setrecursionlimit(10**9)
    text = "square(" * 1000
    return square([x, text])
