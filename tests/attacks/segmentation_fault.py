# How: reads address zero, which ends the process by a signal.
# Spares: last
# Verdict: crashed
import ctypes


def square(x):
    return ctypes.string_at(0)
