# Message: lies outside
def random_search(objective, space, trials, generator):
    best, best_value = None, float("-inf")
    for _ in range(trials):
        config = {}
        for name in space:
            config[name] = 10 ** (-4 + 4 * torch.rand(1, generator=generator).item())
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
