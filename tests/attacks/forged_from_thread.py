# How: a thread writes replies between those that are sent, until nothing fits any more.
# With: forge
import threading
import time


def later():
    for _ in range(100):
        time.sleep(0.005)
        send(frame(value(9)))


threading.Thread(target=later, daemon=True).start()


def square(x):
    return 1
