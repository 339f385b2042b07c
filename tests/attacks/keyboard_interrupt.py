# How: raises KeyboardInterrupt and GeneratorExit, which `except Exception` does not catch.
# Spares: last
# Verdict: error


def square(x):
    raise KeyboardInterrupt if isinstance(x, int) else GeneratorExit
