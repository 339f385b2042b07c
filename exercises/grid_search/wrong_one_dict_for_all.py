# Message: that is the last configuration of the grid
from itertools import product


def grid_search(objective, space):
    config, best, best_value = {}, None, float("-inf")
    for values in product(*space.values()):
        for name, value in zip(space, values):
            config[name] = value
        score = objective(config)
        if score > best_value:
            best, best_value = config, score
    return best, best_value
