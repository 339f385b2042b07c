# How: returns lists nested a hundred thousand levels deep, and one that contains itself.
# Spares: last


def square(x):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested


lie = []
lie.append(lie)
