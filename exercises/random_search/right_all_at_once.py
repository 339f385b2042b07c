# Draws a whole matrix of numbers in the beginning, uniform between the logarithms of the bounds.
def random_search(objective, space, trials, generator):
    lows = torch.tensor([low for low, _ in space.values()], dtype=torch.float64).log()
    highs = torch.tensor([high for _, high in space.values()], dtype=torch.float64).log()
    u = torch.rand(trials, len(space), generator=generator, dtype=torch.float64)
    points = (lows + u * (highs - lows)).exp().tolist()
    configs = [dict(zip(space, point)) for point in points]
    values = [objective(config) for config in configs]
    first = max(range(trials), key=lambda trial: values[trial])
    return configs[first], values[first]
