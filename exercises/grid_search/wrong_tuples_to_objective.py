# Message: objective takes a dict of names and values; it was given (0.01, 16)
from itertools import product


def grid_search(objective, space):
    best, best_value = None, float("-inf")
    for values in product(*space.values()):
        value = objective(values)
        if value > best_value:
            best, best_value = dict(zip(space, values)), value
    return best, best_value
