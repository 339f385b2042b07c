# Message: it changes start
def coordinate_search(objective, space, start, rounds):
    config, best = start, objective(dict(start))
    for _ in range(rounds):
        before = dict(config)
        for name, values in space.items():
            old = config[name]
            for choice in [value for value in values if value != old]:
                value = objective({**config, name: choice})
                if value > best:
                    config[name], best = choice, value
        if config == before:
            break
    return config, best
