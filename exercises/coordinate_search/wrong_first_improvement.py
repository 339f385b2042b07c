# Message: try all values of a hyper-parameter
def coordinate_search(objective, space, start, rounds):
    config, best = dict(start), objective(dict(start))
    for _ in range(rounds):
        before = dict(config)
        for name, values in space.items():
            for candidate in [{**config, name: v} for v in values if v != config[name]]:
                value = objective(candidate)
                if value > best:
                    config, best = candidate, value
                    break
        if config == before:
            break
    return config, best
