# Message: nor the value with which this turn began
def coordinate_search(objective, space, start, rounds):
    config, best = dict(start), objective(dict(start))
    for _ in range(rounds):
        before = dict(config)
        for name, values in space.items():
            for choice in values:
                if choice == config[name]:
                    continue
                value = objective({**config, name: choice})
                if value > best:
                    config, best = {**config, name: choice}, value
        if config == before:
            break
    return config, best
