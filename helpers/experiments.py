"""Train the same recipe from several seeds, so that a comparison rests on more than luck."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

import torch
from torch import nn
from torch.optim import SGD

from helpers.data import BatchLoader, ImageSet, split
from helpers.models import animal_net
from helpers.seeding import temporary_seed
from helpers.sweeps import Task, fit_many
from helpers.training import History, Penalty, device_of


@dataclass(frozen=True)
class Recipe:
    """How a run is trained: which network, on how many images, for how long, by which SGD."""

    train_images: int = 30
    val_images: int = 100
    epochs: int = 150
    lr: float = 5e-3
    momentum: float = 0.99
    batch_size: int = 128
    make_model: Callable[[], nn.Module] = animal_net


@dataclass(frozen=True)
class Run:
    """A trained model, its history, and the seed that chose its images and first parameters."""

    seed: int
    model: nn.Module
    history: History


def train_seeds(
    dataset: ImageSet,
    recipe: Recipe,
    seeds: Iterable[int],
    *,
    penalty: Penalty | None = None,
    device: torch.device | str = "cpu",
) -> list[Run]:
    """Train one model a seed and return the runs in the order of `seeds`.

    A seed decides which images of `dataset` are trained on and validated on, and the model's first
    parameters: runs with the same seed differ in nothing but what else is passed.
    """
    seeds = list(seeds)
    tasks = [
        _task(dataset, recipe, seed, penalty, initialise(recipe.make_model, seed).to(device))
        for seed in seeds
    ]
    histories = fit_many(tasks, epochs=recipe.epochs)
    return [
        Run(seed, task.model, history)
        for seed, task, history in zip(seeds, tasks, histories, strict=True)
    ]


def late_accuracy(runs: Sequence[Run], *, epochs: int = 20) -> float:
    """Return the validation accuracy in [0, 1], the mean over the runs and their last epochs.

    Less noisy than the last epoch alone, and not flattering as the best epoch is.
    """
    if epochs < 1:
        raise ValueError(f"the mean needs at least 1 epoch, not {epochs}")
    return fmean(fmean(run.history.val_accuracy[-epochs:]) for run in runs)


def summarise(runs: Sequence[Run]) -> str:
    """Return a sentence: final training and late validation accuracy in percent, mean ± std."""
    training = [100 * run.history.train_accuracy[-1] for run in runs]
    validation = [100 * late_accuracy([run]) for run in runs]
    return (
        f"training {fmean(training):.1f} % ± {pstdev(training):.1f}, "
        f"validation {fmean(validation):.1f} % ± {pstdev(validation):.1f}."
    )


def initialise(make_model: Callable[[], nn.Module], seed: int) -> nn.Module:
    """Return a model whose first parameters depend on `seed` alone; other random streams go on."""
    with temporary_seed(seed):
        return make_model()


def _task(
    dataset: ImageSet, recipe: Recipe, seed: int, penalty: Penalty | None, model: nn.Module
) -> Task:
    parts = split(dataset, (recipe.train_images, recipe.val_images), seed=seed)
    train_loader, val_loader = (
        BatchLoader(part, batch_size=recipe.batch_size, device=device_of(model)) for part in parts
    )
    # Fused: one pass over the parameters for a step, not three.
    optimizer = SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum, fused=True)
    return Task(model, train_loader, val_loader, optimizer, penalty, seed)
