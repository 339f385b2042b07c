# A list of neighbours for each hyper-parameter; | makes a changed copy of a dict.
def coordinate_search(objective, space, start, rounds):
    config = dict(start)
    best = objective(config)
    for _ in range(rounds):
        before = config
        for name, values in space.items():
            neighbours = [config | {name: value} for value in values if value != config[name]]
            for neighbour in neighbours:
                value = objective(neighbour)
                if value > best:
                    config, best = neighbour, value
        if config == before:
            break
    return config, best
