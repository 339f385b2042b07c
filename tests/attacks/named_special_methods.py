# How: an object whose class is named like a special method, with odd attributes.
# Spares: last


class Odd:
    pass


Odd.__name__ = "__eq__\0__bool__"
Odd.__doc__ = "\ud800"


def square(x):
    return Odd()


lie = Odd()
