# One round, and then the search itself with one round less.
def coordinate_search(objective, space, start, rounds):
    def search(config, value, rounds_left):
        if rounds_left == 0:
            return config, value
        new, new_value = config, value
        for name in space:
            base = new
            for choice in space[name]:
                if choice != base[name]:
                    trial = dict(base)
                    trial[name] = choice
                    trial_value = objective(trial)
                    if trial_value > new_value:
                        new, new_value = trial, trial_value
        if new == config:
            return config, value
        return search(new, new_value, rounds_left - 1)

    return search(dict(start), objective(dict(start)), rounds)
