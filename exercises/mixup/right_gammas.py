# Beta from two Gamma variables that NumPy draws, with a seed from the generator.
def mixup(images, labels, alpha, generator):
    import numpy as np

    n = len(images)
    numpy_generator = np.random.default_rng(int(torch.randint(1 << 30, (1,), generator=generator)))
    a, b = numpy_generator.gamma(alpha, size=(2, n))
    lam = torch.tensor(a / (a + b), dtype=images.dtype, device=images.device)
    partners = torch.from_numpy(numpy_generator.permutation(n))
    lam_images = lam.reshape(n, *[1] * (images.dim() - 1))
    return (
        images[partners] + lam_images * (images - images[partners]),
        labels[partners] + lam[:, None] * (labels - labels[partners]),
    )
