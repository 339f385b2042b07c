# How: raises SystemExit in a call and in a cell.
# Spares: last
# Verdict: error
import sys


def square(x):
    sys.exit(0)


sys.exit(0)
