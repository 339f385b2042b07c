"""The original's eleven experiments and two toy loops: its loop, ours, and many runs at once."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import SGD
from torchvision.transforms.functional import to_pil_image

from benchmarks.seed_loop import SeedHistory, seed_fit, seed_fit_curve, seed_loaders
from helpers.curves import (
    CurveHistory,
    CurveTask,
    curve_optimizer,
    fit_curve,
    fit_curves,
    make_curve_data,
)
from helpers.data import BatchLoader, load_animal_faces
from helpers.data.images import ImageSet, read_image_folder
from helpers.experiments import initialise
from helpers.models import MLP, animal_net, curve_net, slim_animal_net, wide_animal_net
from helpers.seeding import temporary_seed
from helpers.training import fit
from helpers.training.loop import History
from helpers.training.sweeps import Task, fit_many
from helpers.training.threads import threads_for

Result = TypeVar("Result")
VALIDATION_IMAGES = 100
SEED = 1
FLIP = 0.1
TOY_STEPS = 10_000
SHARE = 12  # of the epochs is what a quick benchmark runs
TOY_RECORD = 10  # steps between measurements; the original measures after every step


def l1(model: nn.Module) -> Tensor:
    """Return the sum of the absolute values of all parameters."""
    return torch.stack([p.abs().sum() for p in model.parameters()]).sum()


def l2(model: nn.Module) -> Tensor:
    """Return the sum of the squares of all parameters."""
    return torch.stack([p.square().sum() for p in model.parameters()]).sum()


@dataclass(frozen=True)
class Experiment:
    """One training run of the original."""

    name: str
    make_model: Callable[[], MLP]
    train_images: int
    epochs: int
    lr: float = 5e-3
    momentum: float = 0.99
    lambdas: tuple[float, float] = (0.0, 0.0)
    flips: bool = False

    @property
    def penalty(self) -> Callable[[nn.Module], Tensor] | None:
        """Return the penalty, as a student would write it."""
        strength1, strength2 = self.lambdas
        if strength1 and strength2:
            return lambda model: strength1 * l1(model) + strength2 * l2(model)
        if strength1:
            return lambda model: strength1 * l1(model)
        return (lambda model: strength2 * l2(model)) if strength2 else None

    @property
    def sgd(self) -> dict[str, Any]:
        """Return the optimizer's settings."""
        return {"lr": self.lr, "momentum": self.momentum}


@dataclass(frozen=True)
class Measurement:
    """Seconds of one experiment for the three loops, and how far their accuracies are apart."""

    experiment: str
    seed_seconds: float
    plain_seconds: float
    engine_seconds: float
    max_images_apart: int
    floor_seconds: float
    loss_apart: float | None = None  # the toys' counterpart of images apart

    @property
    def plain_ratio(self) -> float:
        """Return how many times faster than the original our plain loop is."""
        return self.seed_seconds / self.plain_seconds

    @property
    def engine_ratio(self) -> float:
        """Return how many times faster than the original `fit_many` is, here with a single run."""
        return self.seed_seconds / self.engine_seconds


def dropout_net() -> MLP:
    """Return the original's network with dropout."""
    return wide_animal_net(dropout=(0.5, 0.3))


EXPERIMENTS = (
    Experiment("no penalty", animal_net, 30, 150),
    Experiment("L1", animal_net, 30, 150, lambdas=(1e-3, 0.0)),
    Experiment("L2", animal_net, 100, 150, lambdas=(0.0, 1e-2)),
    Experiment("L1 + L2", animal_net, 100, 150, lambdas=(1e-3, 1e-3)),
    Experiment("slim network", slim_animal_net, 100, 200, momentum=0.9),
    Experiment("dropout", dropout_net, 100, 200, momentum=0.9),
    Experiment("augmentation", animal_net, 250, 250, lr=1e-3, flips=True),
    Experiment("no augmentation", animal_net, 250, 250, lr=1e-3),
    Experiment("learning rate 5e-4", animal_net, 250, 350, lr=5e-4),
    Experiment("learning rate 1e-3", animal_net, 250, 350, lr=1e-3),
    Experiment("learning rate 5e-3", animal_net, 250, 350, lr=5e-3),
)


def write_image_files(folder: Path, *, count: int = 600) -> None:
    """Write the first faces of each class as JPEG files, AFHQ's format, for `ImageFolder`."""
    faces = load_animal_faces("faces").train
    for label, name in enumerate(faces.classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        rows = (faces.labels == label).nonzero()[: count // 3, 0]
        for position, row in enumerate(rows):
            image = to_pil_image(faces.images[row])
            image.save(folder / name / f"{position:05d}.jpg", quality=95)


def measure_experiment(
    experiment: Experiment, folder: Path, matrix_rate: float, *, epochs: int
) -> Measurement:
    """Run one experiment with all three loops from the same start and on the same batches."""
    dataset = read_image_folder(folder)
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(SEED))
    n = experiment.train_images
    parts = order[:n], order[n : n + VALIDATION_IMAGES]
    seed_seconds, theirs = _time_seed(experiment, folder, parts, epochs)

    # Each loop starts from the same numbers, which it draws for batches, dropout and flips.
    plain = _task(experiment, dataset, parts)
    torch.manual_seed(SEED)
    plain_seconds, plain_history = timed(lambda: _fit(plain, epochs))
    engine = _task(experiment, dataset, parts)
    engine_seconds, [engine_history] = timed(lambda: fit_many([engine], epochs=epochs))

    apart = max(_apart(theirs, ours, n) for ours in (plain_history, engine_history))
    floor = _operations(experiment) * epochs / matrix_rate
    return Measurement(experiment.name, seed_seconds, plain_seconds, engine_seconds, apart, floor)


def measure_toy(name: str, dropout: tuple[float, float], rate: float, *, steps: int) -> Measurement:
    """Run a toy loop in all three ways; ours measure every tenth step, the original every one."""

    def make() -> MLP:
        with temporary_seed(SEED):
            return curve_net(dropout=dropout)

    data, record = make_curve_data(SEED), range(1, steps + 1, TOY_RECORD)
    points, grid = (data.inputs, data.targets), (data.test_inputs, data.test_targets)
    seed_model, plain_model, model = make(), make(), make()
    torch.manual_seed(SEED)
    with threads_for(seed_model):  # as ours: more threads slow these networks down
        seed_seconds, losses = timed(lambda: seed_fit_curve(seed_model, points, grid, steps=steps))

    optimizer = curve_optimizer(plain_model)
    torch.manual_seed(SEED)
    plain_seconds, plain = timed(
        lambda: fit_curve(plain_model, data, optimizer, steps=steps, record=record)
    )

    task = CurveTask(model, data, curve_optimizer(model), SEED)
    engine_seconds, [engine] = timed(lambda: fit_curves([task], steps=steps, record=record))

    apart = max(_losses_apart(losses, history) for history in (plain, engine))
    floor = 2 * sum(p.numel() for p in model.parameters()) * steps * (3 * 10 + 50 / TOY_RECORD)
    return Measurement(name, seed_seconds, plain_seconds, engine_seconds, 0, floor / rate, apart)


def _losses_apart(theirs: list[Tensor], ours: CurveHistory) -> float:
    """Return the largest relative difference of the test loss in the first hundred steps.

    Later, Adam has enlarged differences in rounding until the runs are different ones.
    """
    pairs = zip(ours.steps, ours.test_loss, strict=True)
    return max(abs(float(theirs[step - 1]) / loss - 1) for step, loss in pairs if step <= 100)


def matrix_rate() -> float:
    """Return the floating-point operations a second of a large matrix product on one thread."""
    a, best = torch.rand(1024, 1024), float("inf")
    with threads_for(animal_net()):
        for _ in range(8):
            seconds, _ = timed(lambda: a @ a)
            best = min(best, seconds)
    # A product takes a multiplication and an addition for each of n³ pairs.
    return 2 * 1024**3 / best


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return how many seconds `work` took, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def measure_all(folder: Path, *, quick: bool) -> Iterator[Measurement]:
    """Yield the measurement of every experiment; a quick one runs a twelfth of its epochs."""
    share, rate = (SHARE if quick else 1), matrix_rate()
    for experiment in EXPERIMENTS:
        yield measure_experiment(experiment, folder, rate, epochs=experiment.epochs // share)
    for name, dropout in (("toy", (0.0, 0.0)), ("toy with dropout", (0.4, 0.2))):
        yield measure_toy(name, dropout, rate, steps=TOY_STEPS // share)


def _time_seed(
    experiment: Experiment, folder: Path, parts: tuple[Tensor, Tensor], epochs: int
) -> tuple[float, SeedHistory]:
    loaders = seed_loaders(folder, parts, flip_probability=FLIP if experiment.flips else 0.0)
    model = initialise(experiment.make_model, SEED)
    torch.manual_seed(SEED)
    options: dict[str, Any] = {
        "epochs": epochs,
        "sgd": experiment.sgd,
        "penalty": experiment.penalty,
    }
    with threads_for(model):  # as ours: more threads slow these networks down
        return timed(lambda: seed_fit(model, loaders, **options))


def _task(experiment: Experiment, dataset: ImageSet, parts: tuple[Tensor, Tensor]) -> Task:
    model = initialise(experiment.make_model, SEED)
    augment = flip_as_transforms_do if experiment.flips else None
    train_loader = BatchLoader(dataset[parts[0]], seed=SEED, augment=augment)
    val_loader = BatchLoader(dataset[parts[1]], batch_size=1000)
    optimizer = SGD(model.parameters(), **experiment.sgd, fused=True)
    return Task(model, train_loader, val_loader, optimizer, experiment.penalty, SEED)


def _fit(task: Task, epochs: int) -> History:
    arguments = (task.model, task.train_loader, task.val_loader, task.optimizer)
    return fit(*arguments, epochs=epochs, penalty=task.penalty)


def flip_as_transforms_do(images: Tensor, generator: torch.Generator) -> Tensor:
    """Flip a batch with the coins that torchvision's transforms toss image by image."""
    coins = torch.rand(len(images), 2, generator=generator) < FLIP
    for axis, coin in zip((3, 2), coins.T, strict=True):
        images[coin] = images[coin].flip(axis)
    return images


def _apart(theirs: SeedHistory, ours: History, train_images: int) -> int:
    """Return the largest difference of an accuracy in any epoch, in images."""
    pairs = (
        (theirs.train, ours.train_accuracy, train_images),
        (theirs.val, ours.val_accuracy, VALIDATION_IMAGES),
    )
    apart = 0
    for percents, fractions, count in pairs:
        # In whole images: the original keeps percents, and ours fractions, neither of them exact.
        for percent, fraction in zip(percents, fractions, strict=True):
            apart = max(apart, abs(round(percent / 100 * count) - round(fraction * count)))
    return apart


def _operations(experiment: Experiment) -> float:
    """Return the multiplications and additions of an epoch that no loop can do without.

    A product of an image with a weight is two; training takes it forward, back to the weights, and
    back to the inputs but for the first layer; evaluation takes it forward. Images count in a basis
    of their span where `helpers.training.rotation` applies.
    """
    sizes = list(experiment.make_model().sizes)
    images = experiment.train_images + VALIDATION_IMAGES
    if experiment.penalty is None and not experiment.flips:
        sizes[0] = min(sizes[0], images)
    first = sizes[0] * sizes[1]
    rest = sum(a * b for a, b in pairwise(sizes[1:]))
    return 2.0 * (experiment.train_images * (2 * first + 3 * rest) + images * (first + rest))
