# Message: it evaluates 1 configurations; this grid has 2 · 3 = 6
from itertools import product


def grid_search(objective, space):
    best, best_value = None, float("-inf")
    for values in product(*space.values()):
        config = dict(zip(space, values))
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
        return best, best_value
