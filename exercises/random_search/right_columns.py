# Draws all values of one hyper-parameter before those of the next.
def random_search(objective, space, trials, generator):
    columns = {}
    for name, (low, high) in space.items():
        u = torch.rand(trials, generator=generator)
        columns[name] = [low * (high / low) ** x for x in u.tolist()]
    best = None
    for trial in range(trials):
        config = {name: column[trial] for name, column in columns.items()}
        value = objective(config)
        if best is None or value > best[1]:
            best = (config, value)
    return best
