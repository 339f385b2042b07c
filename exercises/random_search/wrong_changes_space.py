# Message: it changes space
import math


def random_search(objective, space, trials, generator):
    for name, (low, high) in space.items():
        space[name] = (math.log(low), math.log(high))
    best, best_value = None, float("-inf")
    for _ in range(trials):
        config = {}
        for name, (low, high) in space.items():
            u = torch.rand(1, generator=generator).item()
            config[name] = math.exp(low + (high - low) * u)
        value = objective(config)
        if value > best_value:
            best, best_value = config, value
    return best, best_value
