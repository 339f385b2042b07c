# Builds the list of all configurations name by name, evaluates it, then looks for the maximum.
def grid_search(objective, space):
    configs = [{}]
    for name, values in space.items():
        configs = [dict(config, **{name: value}) for config in configs for value in values]
    scores = [objective(config) for config in configs]
    top = scores.index(max(scores))
    return configs[top], scores[top]
