"""Train the same recipe from several seeds, so that a comparison rests on more than luck."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev, stdev

import torch
from torch import nn
from torch.optim import SGD, Optimizer

from helpers.data.images import ImageSet
from helpers.data.loader import Augmentation, BatchLoader, split
from helpers.models import animal_net
from helpers.seeding import temporary_seed
from helpers.training.loop import History, Penalty, accuracy, device_of
from helpers.training.sweeps import Task, fit_many

Preparation = Callable[[ImageSet, int], ImageSet]
BeforeStep = Callable[[int, Optimizer], None]


@dataclass(frozen=True)
class Recipe:
    """How a run is trained: which network, on how many images, for how long, by which SGD.

    `penalty` is added to the loss, `augment` changes the images of every training batch, and
    `shuffle` draws a new order of them in every epoch, all as `fit` and `BatchLoader` have it.
    `prepare(images, seed)` changes the training set once, before training: other labels, say.
    `before_step(step, optimizer)` is called before every update, counted from 0, and may change the
    optimizer: its learning rate, say.
    """

    train_images: int = 30
    val_images: int = 100
    epochs: int = 150
    lr: float = 5e-3
    momentum: float = 0.99
    batch_size: int = 128
    make_model: Callable[[], nn.Module] = animal_net
    penalty: Penalty | None = None
    augment: Augmentation | None = None
    shuffle: bool = False
    prepare: Preparation | None = None
    before_step: BeforeStep | None = None


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
    device: torch.device | str = "cpu",
) -> list[Run]:
    """Train one model a seed and return the runs in the order of `seeds`.

    A seed decides which images of `dataset` are trained on and validated on, the model's first
    parameters, and all that is random in training: two recipes with the same seed differ in
    nothing but what they say.
    """
    seeds = list(seeds)
    tasks = [make_task(dataset, recipe, seed, device) for seed in seeds]
    histories = fit_many(tasks, epochs=recipe.epochs)
    return [
        Run(seed, task.model, history)
        for seed, task, history in zip(seeds, tasks, histories, strict=True)
    ]


def train_recipes(
    dataset: ImageSet,
    recipes: Sequence[Recipe],
    seed: int,
    *,
    device: torch.device | str = "cpu",
) -> list[Run]:
    """Train one model a recipe, all from one seed, and return the runs in the order of `recipes`.

    Each run is the one that `train_seeds` gives for its recipe and this seed, only that all are
    trained at once. Raises `ValueError` for recipes that differ in their number of epochs.
    """
    if len(epochs := {recipe.epochs for recipe in recipes}) > 1:
        raise ValueError(f"all recipes need the same number of epochs, not {sorted(epochs)}")
    tasks = [make_task(dataset, recipe, seed, device) for recipe in recipes]
    histories = fit_many(tasks, epochs=epochs.pop()) if tasks else []
    return [Run(seed, task.model, history) for task, history in zip(tasks, histories, strict=True)]


def late_accuracy(runs: Sequence[Run], *, epochs: int = 20) -> float:
    """Return the validation accuracy in [0, 1], the mean over the runs and their last epochs.

    Less noisy than the last epoch alone, and not flattering as the best epoch is.
    """
    if epochs < 1:
        raise ValueError(f"the mean needs at least 1 epoch, not {epochs}")
    return fmean(fmean(run.history.val_accuracy[-epochs:]) for run in runs)


def accuracies_on(runs: Sequence[Run], dataset: ImageSet) -> list[float]:
    """Return the accuracy in [0, 1] of each run's model on all images of `dataset`."""
    loader = BatchLoader(dataset, batch_size=len(dataset), device=device_of(runs[0].model))
    return [accuracy(run.model, loader) for run in runs]


@dataclass(frozen=True)
class Gain:
    """By how much one group of runs is better than another, seed by seed.

    `mean` and its standard error are in the unit of what was compared; `better` counts the pairs
    in which the first group is ahead, of `pairs`.
    """

    mean: float
    standard_error: float
    better: int
    pairs: int

    def __str__(self) -> str:
        """Return the gain of accuracies in percent points."""
        mean, error = 100 * self.mean, 100 * self.standard_error
        return f"{mean:+.1f} ± {error:.1f} points, better for {self.better} of {self.pairs} seeds"


def paired_gain(treated: Sequence[float], control: Sequence[float]) -> Gain:
    """Compare two groups of runs over the same seeds, pair by pair.

    Pairs share their images and first parameters, so the luck of a seed cancels in a difference:
    the standard error of the mean difference is below that of two unpaired groups. With a single
    pair it is not known, and NaN.
    """
    differences = [a - b for a, b in zip(treated, control, strict=True)]
    pairs = len(differences)
    error = stdev(differences) / pairs**0.5 if pairs > 1 else float("nan")
    better = sum(difference > 0 for difference in differences)
    return Gain(fmean(differences), error, better, pairs)


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


def make_task(dataset: ImageSet, recipe: Recipe, seed: int, device: torch.device | str) -> Task:
    """Return the model, loaders and optimizer of a run, as `seed` and `recipe` say, untrained."""
    model = initialise(recipe.make_model, seed).to(device)
    train, val = split(dataset, (recipe.train_images, recipe.val_images), seed=seed)
    if recipe.prepare is not None:
        train = recipe.prepare(train, seed)
    size, device = recipe.batch_size, device_of(model)
    train_loader = BatchLoader(
        train,
        batch_size=size,
        shuffle=recipe.shuffle,
        seed=seed,
        augment=recipe.augment,
        device=device,
    )
    val_loader = BatchLoader(val, batch_size=size, device=device)
    # Fused: one pass over the parameters for a step, not three.
    optimizer = SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum, fused=True)
    if recipe.before_step is not None:
        _call_before_steps(optimizer, recipe.before_step)
    return Task(model, train_loader, val_loader, optimizer, recipe.penalty, seed)


def _call_before_steps(optimizer: Optimizer, before_step: BeforeStep) -> None:
    steps = itertools.count()
    optimizer.register_step_pre_hook(lambda *_: before_step(next(steps), optimizer))
