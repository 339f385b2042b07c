# Message: it evaluates 2 configurations; this grid has 2 · 3 = 6
def grid_search(objective, space):
    best, best_value = None, float("-inf")
    for values in zip(*space.values()):
        config = dict(zip(space, values))
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
