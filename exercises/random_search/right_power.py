# One draw for each value, by the formula low * (high / low) ** u.
def random_search(objective, space, trials, generator):
    best, best_value = None, float("-inf")
    for _ in range(trials):
        config = {}
        for name, (low, high) in space.items():
            u = torch.rand(1, generator=generator).item()
            config[name] = low * (high / low) ** u
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
