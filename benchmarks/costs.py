"""What single things cost: loading the data, augmenting an image, one more run in `fit_many`."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import transforms
from torchvision.transforms.functional import to_pil_image

from benchmarks.training import FLIP, Measurement, flip_as_transforms_do, l1, timed
from helpers.data import load_animal_faces, normalize
from helpers.experiments import Recipe, train_seeds
from helpers.training.loop import Penalty

RUNS = (1, 4, 16, 64)
REPEATS = 5


@dataclass(frozen=True)
class Cost:
    """Name something and say what it costs, in `unit`."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Sweep:
    """Say what a run costs when `runs` are trained at once, and how the original compares."""

    penalty: str
    runs: int
    seconds_per_run: float
    seed_ratio: float


def measure_loading() -> list[Cost]:
    """Time the first load of the procedural faces, and one from the cache file that it leaves."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        first, _ = timed(lambda: load_animal_faces("faces", cache=folder))
        cached = best(lambda: load_animal_faces("faces", cache=folder))
    return [Cost("first load", first, "s"), Cost("cached load", cached, "s")]


def measure_augmentation(*, count: int = 1024) -> list[Cost]:
    """Time random flips, with a coin an image: one image at a time, and in batches as here.

    The first figure is for the flips of an image that PIL holds, the second includes the conversion
    to a normalised tensor that follows in the original; here images are normalised tensors.
    """
    with redirect_stdout(StringIO()):
        faces = load_animal_faces("faces").train[:count]
    pictures = [to_pil_image(image) for image in faces.images]
    flips = [transforms.RandomHorizontalFlip(FLIP), transforms.RandomVerticalFlip(FLIP)]
    scale = [transforms.ToTensor(), transforms.Normalize((0.5,) * 3, (0.5,) * 3)]
    alone, converted = transforms.Compose(flips), transforms.Compose([*flips, *scale])
    batches = normalize(faces.images).split(128)
    flip = partial(flip_as_transforms_do, generator=torch.Generator().manual_seed(0))
    seconds = {
        "flips, image by image": best(partial(_do_all, alone, pictures)),
        "flips and conversion, image by image": best(partial(_do_all, converted, pictures)),
        "flips, in batches": best(partial(_do_all, flip, batches)),
    }
    return [Cost(name, 1e6 * value / count, "µs an image") for name, value in seconds.items()]


def _do_all(work: Callable[[Any], object], items: Iterable[Any]) -> list[object]:
    return [work(item) for item in items]


def measure_sweeps(measurements: list[Measurement], *, epochs: int) -> Iterator[Sweep]:
    """Time a run of the first two experiments when `fit_many` trains more of them at once."""
    with redirect_stdout(StringIO()):
        faces = load_animal_faces("faces").train
    recipe = Recipe(epochs=epochs)
    penalties: dict[str, Penalty | None] = {"no penalty": None, "L1": weak_l1}
    for name, penalty in penalties.items():
        [seed_seconds] = [m.seed_seconds for m in measurements if m.experiment == name]
        for runs in RUNS:
            work = partial(train_seeds, faces, replace(recipe, penalty=penalty), range(runs))
            seconds, _ = timed(work)
            yield Sweep(name, runs, seconds / runs, seed_seconds * runs / seconds)


def weak_l1(model: nn.Module) -> Tensor:
    """Return the penalty of the experiment with L1."""
    return 1e-3 * l1(model)


def best(work: Callable[[], object]) -> float:
    """Return the shortest time, in seconds, that `work` took in a few repetitions."""
    # What else the machine does can only make it longer.
    return min(timed(work)[0] for _ in range(REPEATS))
