# Message: it returns nothing
def random_search(objective, space, trials, generator):
    best, best_value = None, float("-inf")
    for _ in range(trials):
        config = {}
        for name, (low, high) in space.items():
            config[name] = low * (high / low) ** torch.rand(1, generator=generator).item()
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
