# Message: it evaluates a configuration twice
from itertools import product


def grid_search(objective, space):
    configs = [dict(zip(space, values)) for values in product(*space.values())]
    best = max(configs, key=objective)
    return best, objective(best)
