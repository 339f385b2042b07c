"""Trials of hyper-parameters: recorded calls, and tables of real training runs to search in.

A configuration is a dict from the names of hyper-parameters to their values; an objective is a
function of a configuration that returns a number, the larger the better.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from helpers.data.images import ImageSet
from helpers.data.loader import BatchLoader, split
from helpers.experiments import Recipe, Run, train_recipes
from helpers.training.loop import device_of

Config = dict[str, Any]
Objective = Callable[[Config], float]


@dataclass
class Recorder:
    """An objective that remembers every call of it, in order."""

    objective: Objective
    configs: list[Config] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def __call__(self, config: Config) -> float:
        """Return the value of `config`, and remember both."""
        self.configs.append(dict(config))  # a copy: the caller may change its own
        self.values.append(float(self.objective(dict(config))))
        return self.values[-1]

    def __len__(self) -> int:
        """Return the number of calls so far."""
        return len(self.values)

    @property
    def best_so_far(self) -> list[float]:
        """Return, for each call, the largest value up to and including it."""
        return list(accumulate(self.values, max))


@dataclass(frozen=True, eq=False)
class TrialTable:
    """Which images each of many trained networks classifies correctly.

    `configs` are the configurations, `correct` is bool (configs, images). All networks were trained
    on the same images, which are not among these.
    """

    configs: tuple[Config, ...]
    correct: Tensor

    def accuracy(self, *, images: int | None = None) -> list[float]:
        """Return the accuracy in [0, 1] of each configuration on the first `images`, or on all."""
        return _mean(self.correct[:, :images])

    def nearest(self, config: Mapping[str, float]) -> int:
        """Return which configuration is nearest to `config`, by the ratios of their values.

        What `config` says of other hyper-parameters than those of the table does not matter.
        """
        place = [math.log(config[name]) for name in self.configs[0]]
        distances = [math.dist(place, known) for known in self._places]
        return distances.index(min(distances))

    def objective(self, *, images: int | None = None) -> Objective:
        """Return a function from a configuration to the accuracy of the nearest one."""
        accuracies = self.accuracy(images=images)
        return lambda config: accuracies[self.nearest(config)]

    @cached_property
    def _places(self) -> list[list[float]]:
        return [[math.log(value) for value in config.values()] for config in self.configs]


@dataclass(frozen=True)
class Winner:
    """The winner among some configurations: its accuracy where it won, and on new images."""

    val: float
    new: float


def train_table(
    dataset: ImageSet,
    recipes: Sequence[tuple[Config, Recipe]],
    seed: int,
    *,
    images: int = 2000,
    device: torch.device | str = "cpu",
) -> TrialTable:
    """Train every recipe from one seed and return which images it gets right after its last epoch.

    The `images` come from `dataset`, and are those that `train_seeds` would validate on.
    """
    configs, plain = zip(*recipes, strict=True)
    runs = train_recipes(dataset, plain, seed, device=device)
    _, held_out = split(dataset, (plain[0].train_images, images), seed=seed)
    return TrialTable(configs, correct_on(runs, held_out))


@torch.no_grad()
def correct_on(runs: Sequence[Run], dataset: ImageSet) -> Tensor:
    """Return whether each run's model classifies each image of `dataset`: bool (runs, images)."""
    loader = BatchLoader(dataset, device=device_of(runs[0].model))
    rows = [run.model.eval()(loader.images).argmax(dim=1) == loader.labels for run in runs]
    return torch.stack(rows).cpu()


def pick_winners(
    table: TrialTable, *, trials: int, val_images: int, draws: int, generator: torch.Generator
) -> list[Winner]:
    """Choose the best of `trials` configurations by `val_images` images, `draws` times.

    Each time other configurations and other images are drawn, without replacement; all images that
    are not drawn are new to the winner. Of equals, the one that was drawn first wins. Raises
    `ValueError` if the table has too few configurations, or no images are left.
    """
    count, images = table.correct.shape
    if trials > count or val_images >= images:
        raise ValueError(f"the table has {count} configurations and {images} images")
    winners = []
    for _ in range(draws):
        # Prefixes of permutations: drawn without replacement.
        chosen = torch.randperm(count, generator=generator)[:trials]
        order = torch.randperm(images, generator=generator)
        accuracies = _mean(table.correct[chosen[:, None], order[:val_images]])
        best = max(range(trials), key=accuracies.__getitem__)
        [new] = _mean(table.correct[chosen[best], order[val_images:]][None])
        winners.append(Winner(accuracies[best], new))
    return winners


def _mean(correct: Tensor) -> list[float]:
    accuracies: list[float] = correct.double().mean(dim=1).tolist()
    return accuracies
