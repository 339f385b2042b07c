# NumPy draws, from a seed that the generator gives.
def dropout(x, p, training, generator):
    import numpy as np

    if not training:
        return x
    seed = int(torch.randint(2**31, (1,), generator=generator))
    kept = np.random.default_rng(seed).random(tuple(x.shape)) >= p
    scale = 1 / (1 - p) if p < 1 else 0
    return x.mul(torch.from_numpy(kept * scale).to(x.device, x.dtype))
