# How: a value that raises, exits or waits as soon as anybody looks at it.
# Spares: last


class Meta(type):
    @property
    def __module__(cls):
        raise SystemExit


class Bad(metaclass=Meta):
    @property
    def __class__(self):
        raise KeyboardInterrupt


def square(x):
    return Bad()


lie = Bad()
