# uniform_ on powers of ten, name by name, and max over the pairs.
import math


def random_search(objective, space, trials, generator):
    def draw(low, high):
        exponent = torch.empty(()).uniform_(math.log10(low), math.log10(high), generator=generator)
        return min(max(10.0 ** float(exponent), low), high)

    results = []
    for _ in range(trials):
        config = {name: draw(*bounds) for name, bounds in space.items()}
        results.append((config, objective(config)))
    return max(results, key=lambda result: result[1])
