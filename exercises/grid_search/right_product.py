# The plain way: itertools.product over the lists, the first best is kept.
import itertools


def grid_search(objective, space):
    names = list(space)
    best = None
    best_value = float("-inf")
    for values in itertools.product(*space.values()):
        config = dict(zip(names, values))
        value = objective(config)
        if value > best_value:
            best = config
            best_value = value
    return best, best_value
