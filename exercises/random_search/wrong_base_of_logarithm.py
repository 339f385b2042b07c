# Message: uniformly on a logarithmic scale
def random_search(objective, space, trials, generator):
    import math

    best, best_value = None, float("-inf")
    for _ in range(trials):
        config = {}
        for name, (low, high) in space.items():
            start, end = math.log10(low), math.log10(high)
            config[name] = math.exp(
                start + (end - start) * torch.rand(1, generator=generator).item()
            )
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
