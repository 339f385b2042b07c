# Message: it changes space
from itertools import product


def grid_search(objective, space):
    names, lists = [], []
    while space:
        name, values = space.popitem()
        names.insert(0, name)
        lists.insert(0, values)
    best, best_value = None, float("-inf")
    for values in product(*lists):
        config = dict(zip(names, values))
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
