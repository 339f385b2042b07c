"""A loss over two parameters that can be drawn: least squares with a few noisy points.

Small batches of these points disagree about the gradient as those of real data do, so that the
path of stochastic gradient descent over the surface can be seen.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# Takes weights, velocity and gradient, (2,) each; returns the new weights and velocity.
Update = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]

FAR = 1e6  # beyond this, a path has left for good


@dataclass(frozen=True, eq=False)
class Surface:
    """Half the mean squared error of a linear model with two weights, in float64.

    `inputs` is (n, 2) and `targets` (n,). The curvatures of the loss are those of `make_surface`.
    """

    inputs: Tensor
    targets: Tensor
    minimum: Tensor

    def loss(self, weights: Tensor) -> Tensor:
        """Return the loss (...) at `weights` (..., 2)."""
        errors = weights @ self.inputs.T - self.targets  # (..., n)
        return errors.square().mean(dim=-1) / 2

    def gradient(self, weights: Tensor, rows: Tensor) -> Tensor:
        """Return the gradient (2,) at `weights` (2,) of the loss on some of the points."""
        inputs = self.inputs[rows]
        return inputs.T @ (inputs @ weights - self.targets[rows]) / len(rows)


def make_surface(
    seed: int,
    *,
    points: int = 32,
    noise: float = 2.0,
    curvatures: tuple[float, float] = (1.0, 0.1),
) -> Surface:
    """Draw points whose loss has its minimum at 0 and exactly these curvatures along its axes.

    The first axis, of the first curvature, is vertical. `noise` is the standard deviation of the
    targets around the best model.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(points, 2, generator=generator, dtype=torch.float64)
    basis = torch.linalg.qr(drawn).Q  # (points, 2), orthonormal columns
    scales = points * torch.tensor(curvatures[::-1], dtype=torch.float64)
    inputs = basis * scales.sqrt()
    errors = torch.randn(points, generator=generator, dtype=torch.float64)
    errors = errors - basis @ (basis.T @ errors)  # what no weights can explain
    targets = noise * errors * (points**0.5 / errors.norm())
    return Surface(inputs, targets, torch.zeros(2, dtype=torch.float64))


def descend(
    surface: Surface,
    update: Update,
    start: tuple[float, float],
    *,
    batch_size: int,
    steps: int,
    seed: int = 0,
) -> Tensor:
    """Apply `update` from `start` with velocity 0, and return the path (steps + 1, 2).

    Every epoch deals all points out in a new order, in batches of `batch_size`; the last one may
    be smaller. A path that goes farther than a million ends there, and is shorter. Raises
    `ValueError` if `batch_size` is below 1 or above the number of points.
    """
    count = len(surface.targets)
    if not 1 <= batch_size <= count:
        raise ValueError(f"batch_size must be from 1 to {count}, not {batch_size}")
    generator = torch.Generator().manual_seed(seed)
    weights = torch.tensor(start, dtype=torch.float64)
    velocity, path = torch.zeros_like(weights), [weights]
    batches: list[Tensor] = []
    while len(path) <= steps and float(path[-1].abs().max()) < FAR:
        if not batches:
            batches = list(torch.randperm(count, generator=generator).split(batch_size))
        weights, velocity = update(weights, velocity, surface.gradient(weights, batches.pop(0)))
        path.append(weights)
    return torch.stack(path)
