# Counts through the grid as through the digits of a number, and returns a list, not a tuple.
def grid_search(objective, space):
    total = 1
    for values in space.values():
        total *= len(values)
    best_config, best_value = None, None
    for number in range(total):
        config, rest = {}, number
        for name in reversed(list(space)):
            rest, digit = divmod(rest, len(space[name]))
            config[name] = space[name][digit]
        value = objective(config)
        if best_value is None or value > best_value:
            best_config, best_value = config, value
    return [best_config, best_value]
