# How: stops its own process by SIGSTOP, so that nobody answers and nobody has ended.
# Spares: last
# Verdict: timeout
import os
import signal


def square(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 1
