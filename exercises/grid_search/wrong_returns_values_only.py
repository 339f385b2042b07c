# Message: the configuration should be a dict
from itertools import product


def grid_search(objective, space):
    results = {}
    for values in product(*space.values()):
        results[values] = objective(dict(zip(space, values)))
    best = max(results, key=results.get)
    return best, results[best]
