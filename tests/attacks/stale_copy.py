# How: breaks every second process that runs its cell, by a thread that waits for a while.
import os
import random
import threading
import time

if time.time_ns() % 2:
    os._exit(0)
threading.Timer(random.random() / 10, os._exit, (0,)).start()


def square(x):
    return 1
