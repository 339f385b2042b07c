# How: loops for ever and ignores all signals and exceptions that could end it.
# Spares: last
# Verdict: timeout
import signal

for number in {*range(1, 32)} - {17}:  # its children are waited for
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def square(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
