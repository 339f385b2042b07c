"""The loops of the original tutorial, rebuilt faithfully: the yardstick of every speed ratio.

Images are read from an `ImageFolder` on disk through a `DataLoader`, so every epoch decodes them
anew, twice for the training set; each batch waits for `.item()`; one model is trained at a time.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import SGD, Adam
from torch.utils.data import DataLoader, Subset
from torchvision import transforms
from torchvision.datasets import ImageFolder

Loader = DataLoader[Any]

Penalty = Callable[[nn.Module], Tensor]


@dataclass
class SeedHistory:
    """Accuracies in percent and parameter norms, an entry an epoch."""

    train: list[float] = field(default_factory=list)
    val: list[float] = field(default_factory=list)
    norm: list[Tensor] = field(default_factory=list)


def seed_loaders(
    root: Path, parts: tuple[Tensor, Tensor], *, flip_probability: float
) -> tuple[Loader, Loader]:
    """Return loaders over the image files in `root`, for the indices in `parts`.

    Training images are flipped at random, both ways, with `flip_probability`.
    """
    scale = [transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]
    flips = [
        transforms.RandomHorizontalFlip(flip_probability),
        transforms.RandomVerticalFlip(flip_probability),
    ]
    augmented = transforms.Compose([*flips, *scale] if flip_probability else scale)
    train_set = Subset(ImageFolder(root, transform=augmented), parts[0].tolist())
    val_set = Subset(ImageFolder(root, transform=transforms.Compose(scale)), parts[1].tolist())

    def seed_worker(worker: int) -> None:
        random.seed(torch.initial_seed() % 2**32)
        np.random.seed(torch.initial_seed() % 2**32)

    options: dict[str, Any] = {
        "worker_init_fn": seed_worker,
        "generator": torch.Generator().manual_seed(0),
    }
    return (
        DataLoader(train_set, batch_size=128, **options),
        DataLoader(val_set, batch_size=1000, **options),
    )


def seed_fit(
    model: nn.Module,
    loaders: tuple[Loader, Loader],
    *,
    epochs: int,
    sgd: dict[str, Any],
    penalty: Penalty | None,
) -> SeedHistory:
    """Train as the original does: a training pass, two evaluation passes and a norm an epoch."""
    history, optimizer = SeedHistory(), SGD(model.parameters(), **sgd)
    for _ in range(epochs):
        # The training set twice, as there: once to learn from, once to measure.
        _train(model, loaders[0], optimizer, penalty)
        history.train.append(_test(model, loaders[0]))
        history.val.append(_test(model, loaders[1]))
        history.norm.append(_norm(model))
    return history


def _train(model: nn.Module, loader: Loader, optimizer: SGD, penalty: Penalty | None) -> None:
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(F.log_softmax(model(images), dim=1), labels)
        if penalty is not None:
            loss = loss + penalty(model)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def _test(model: nn.Module, loader: Loader) -> float:
    model.eval()
    loss, correct, count = 0.0, 0.0, 0
    for images, labels in loader:
        output = F.log_softmax(model(images), dim=1)
        loss += F.nll_loss(output, labels, reduction="sum").item()
        guess = output.argmax(dim=1, keepdim=True)
        correct += guess.eq(labels.view_as(guess)).sum().item()
        count += len(labels)
    return 100.0 * correct / count


def _norm(model: nn.Module) -> Tensor:
    total = torch.zeros(())
    for parameter in model.parameters():
        total = total + torch.norm(parameter).data ** 2
    return total**0.5


def seed_fit_curve(
    model: nn.Module, points: tuple[Tensor, Tensor], grid: tuple[Tensor, Tensor], *, steps: int
) -> list[Tensor]:
    """Train the toy regression as the original does; return the test loss after every step."""
    optimizer, losses, norms, test_losses = Adam(model.parameters(), lr=1e-4), [], [], []
    for _ in range(steps):
        norms.append(_norm(model))
        model.train()
        optimizer.zero_grad()
        loss = F.mse_loss(model(points[0]), points[1])
        loss.backward()
        optimizer.step()
        losses.append(loss.data)
        model.eval()
        test_losses.append(F.mse_loss(model(grid[0]), grid[1]).data)  # with a graph, as there
    return test_losses
