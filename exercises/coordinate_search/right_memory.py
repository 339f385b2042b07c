# Remembers every value it has seen, so that it never evaluates the same configuration twice.
def coordinate_search(objective, space, start, rounds):
    seen = {}

    def value_of(config):
        key = tuple(config[name] for name in space)
        if key not in seen:
            seen[key] = objective(dict(config))
        return seen[key]

    current = {name: start[name] for name in space}
    value_of(current)
    for _ in range(rounds):
        changed = False
        for name in space:
            best = current
            for value in space[name]:
                trial = {**current, name: value}
                if value_of(trial) > value_of(best):
                    best = trial
            changed = changed or best != current
            current = best
        if not changed:
            return current, value_of(current)
    return current, value_of(current)
