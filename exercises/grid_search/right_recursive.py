# Without itertools: a generator that calls itself for the remaining names; then max over a list.
def grid_search(objective, space):
    def combinations(names):
        if not names:
            yield {}
            return
        for value in space[names[0]]:
            for rest in combinations(names[1:]):
                yield {names[0]: value, **rest}

    results = []
    for config in combinations(list(space)):
        results.append((config, objective(config)))
    return max(results, key=lambda pair: pair[1])
