"""A curve through ten noisy points: the toy regression that shows what dropout does.

The points lie on y = 2x with noise of standard deviation 2 added, far more than ten points can
average out, so that a network which passes through all of them is wrong everywhere between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Adam, Optimizer

from helpers.models import MLP
from helpers.training.loop import frobenius_norm
from helpers.training.stacks import DropoutMasks, Stack
from helpers.training.threads import threads_for


@dataclass(frozen=True, eq=False)
class CurveData:
    """Points to learn from, (n, 1) each, and noiseless points on a grid to be judged by."""

    inputs: Tensor
    targets: Tensor
    test_inputs: Tensor
    test_targets: Tensor


@dataclass
class CurveHistory:
    """What was measured after the steps in `steps`, counted from 1.

    Losses are mean squared errors in evaluation mode; `predictions` holds a tensor (grid,) each.
    """

    steps: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    norm: list[float] = field(default_factory=list)
    predictions: list[Tensor] = field(default_factory=list)

    def append(self, step: int, losses: tuple[float, float], norm: float, curve: Tensor) -> None:
        """Add the measurements after one more step; `losses` are those in training and test."""
        self.steps.append(step)
        self.train_loss.append(losses[0])
        self.test_loss.append(losses[1])
        self.norm.append(norm)
        self.predictions.append(curve)


def make_curve_data(
    seed: int, *, points: int = 10, grid: int = 40, noise: float = 2.0
) -> CurveData:
    """Draw `points` inputs in [0, 1], sorted, and their noisy targets."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.rand(points, 1, generator=generator).sort(dim=0).values
    targets = 2 * inputs + noise * torch.randn(points, 1, generator=generator)
    test_inputs = torch.linspace(0, 1, grid)[:, None]
    return CurveData(inputs, targets, test_inputs, 2 * test_inputs)


def curve_optimizer(model: MLP, *, lr: float = 1e-4) -> Optimizer:
    """Return the optimizer of the toy regression; the fused form updates in one pass."""
    return Adam(model.parameters(), lr=lr, fused=True)


def fit_curve(
    model: MLP, data: CurveData, optimizer: Optimizer, *, steps: int, record: Sequence[int]
) -> CurveHistory:
    """Train `model` on all points at once and measure it after the steps in `record`."""
    history = CurveHistory()
    chosen = set(record)
    with threads_for(model):
        for step in range(1, steps + 1):
            model.train()
            loss = F.mse_loss(model(data.inputs), data.targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step in chosen:
                model.eval()
                with torch.no_grad():
                    fitted, curve = model(data.inputs), model(data.test_inputs)
                train_loss = F.mse_loss(fitted, data.targets).item()
                test_loss = F.mse_loss(curve, data.test_targets).item()
                history.append(step, (train_loss, test_loss), frobenius_norm(model), curve[:, 0])
    return history


@dataclass(frozen=True, eq=False)
class CurveTask:
    """One run for `fit_curves`: what `fit_curve` takes for it, and the seed of its dropout."""

    model: MLP
    data: CurveData
    optimizer: Optimizer
    seed: int = 0


def fit_curves(
    tasks: Sequence[CurveTask], *, steps: int, record: Sequence[int]
) -> list[CurveHistory]:
    """Train networks of one shape at once, with the results of `fit_curve` to within rounding.

    A task's seed stands for `torch.manual_seed` before `fit_curve`. Optimizers forget their state.
    """
    if not tasks:
        return []
    histories = [CurveHistory() for _ in tasks]
    chosen = set(record)
    data = [task.data for task in tasks]
    inputs = torch.stack([points.inputs for points in data])  # (runs, points, 1)
    targets = torch.stack([points.targets for points in data])
    dropout = DropoutMasks(tasks[0].model, [task.seed for task in tasks])
    with threads_for(tasks[0].model), Stack([task.model for task in tasks]) as stack:
        for step in range(1, steps + 1):
            masks = dropout.draw(inputs.shape[1])
            activations = stack.forward(inputs, masks)
            # The derivative of the mean square by the outputs.
            error = (activations[-1] - targets) * (2 / inputs.shape[1])
            stack.backward(activations, error, masks)
            # Each network's parameters are a part of the stack, on which its optimizer thus acts.
            for task in tasks:
                task.optimizer.step()
            if step in chosen:
                _measure(stack, data, step, histories)
    for task in tasks:
        task.optimizer.state.clear()
    return histories


def _measure(
    stack: Stack, data: Sequence[CurveData], step: int, histories: Sequence[CurveHistory]
) -> None:
    fitted = stack.forward(torch.stack([x.inputs for x in data]))[-1]
    curves = stack.forward(torch.stack([x.test_inputs for x in data]))[-1]
    for run, norm in enumerate(stack.norms().tolist()):
        train_loss = F.mse_loss(fitted[run], data[run].targets).item()
        test_loss = F.mse_loss(curves[run], data[run].test_targets).item()
        histories[run].append(step, (train_loss, test_loss), norm, curves[run, :, 0])
