# Message: one hyper-parameter at a time
def coordinate_search(objective, space, start, rounds):
    from itertools import product

    config, best = dict(start), objective(dict(start))
    for values in product(*space.values()):
        candidate = dict(zip(space, values))
        if candidate != start:
            value = objective(candidate)
            if value > best:
                config, best = candidate, value
    return config, best
