# How: a hook that runs in each copy of the process kills its own copy, or makes it wait.
import os
import time

os.register_at_fork(after_in_child=lambda: time.sleep(0.3))


def square(x):
    return 1
