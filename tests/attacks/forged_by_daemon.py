# How: a process that outlives its question writes into the channel during the next ones.
# With: forge
import time


def square(x):
    if os.fork() == 0:
        if os.fork() == 0:
            for _ in range(20):
                time.sleep(0.05)
                send(frame(value(9)))
        os._exit(0)
    return 1
