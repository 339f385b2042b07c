# How: starts a process that leaves its session and would go on for ten minutes.
# Spares: last
import os
import subprocess
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.environ["NAME"] = "course-attack-process"
        try:
            subprocess.run(["sleep", "600"], env={"X": "course-attack-process"})
        finally:
            time.sleep(600)
    os._exit(0)


def square(x):
    return 1
