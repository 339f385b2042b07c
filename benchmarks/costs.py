"""What single things cost: loading the data, augmenting an image, one more run in `fit_many`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torchvision import transforms

from benchmarks.training import flip_as_transforms_do, timed
from helpers.data import BatchLoader, load_animal_faces
from helpers.experiments import Recipe, train_seeds

RUNS = (1, 4, 16, 64)


@dataclass(frozen=True)
class Cost:
    """Name something and say what it costs, in `unit`."""

    name: str
    value: float
    unit: str


def measure_loading() -> list[Cost]:
    """Time the first load of the procedural faces, and one from the cache file that it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        first, _ = timed(lambda: load_animal_faces("faces", cache=Path(folder)))
        cached, _ = timed(lambda: load_animal_faces("faces", cache=Path(folder)))
    return [Cost("first load", first, "s"), Cost("cached load", cached, "s")]


def measure_augmentation(*, images: int = 2000) -> list[Cost]:
    """Time flipping images one by one with torchvision's transforms, and in batches as we do."""
    faces = load_animal_faces("faces").train[:images]
    flips = transforms.Compose(
        [transforms.RandomHorizontalFlip(0.1), transforms.RandomVerticalFlip(0.1)]
    )
    singly, _ = timed(lambda: [flips(image) for image in faces.images])
    plain, augmented = BatchLoader(faces), BatchLoader(faces, augment=flip_as_transforms_do)
    without, _ = timed(lambda: list(plain))
    batched, _ = timed(lambda: list(augmented))
    scale = 1e6 / len(faces)
    return [
        Cost("augmentation, image by image", singly * scale, "µs an image"),
        Cost("augmentation, in batches", (batched - without) * scale, "µs an image"),
    ]


def measure_many_runs(*, epochs: int) -> list[Cost]:
    """Time a run of the lessons' recipe in `fit_many` when more of them are trained at once."""
    faces = load_animal_faces("faces").train
    recipe, costs = Recipe(epochs=epochs), []
    train_seeds(faces, Recipe(epochs=1), [0])  # imports what torch imports late
    for runs in RUNS:
        seconds, _ = timed(lambda runs=runs: train_seeds(faces, recipe, range(runs)))
        costs.append(Cost(f"fit_many, {runs} at once", 1000 * seconds / runs, "ms a run"))
    return costs


def measure_costs(*, quick: bool) -> list[Cost]:
    """Return all costs; a quick measurement trains a tenth of the epochs."""
    torch.manual_seed(0)
    epochs = 15 if quick else 150
    return [*measure_loading(), *measure_augmentation(), *measure_many_runs(epochs=epochs)]
