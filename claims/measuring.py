"""Pieces that the measurements of several lessons are made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from helpers.data.images import ImageSet
from helpers.experiments import Recipe, Run, accuracies_on, late_accuracy, train_seeds


@dataclass(frozen=True)
class Group:
    """Runs of one recipe, one a seed, and their accuracies in [0, 1] on test images."""

    runs: list[Run]
    test: list[float]

    @property
    def validation(self) -> list[float]:
        """Return the late validation accuracy in [0, 1] of each run."""
        return [late_accuracy([run]) for run in self.runs]

    def final(self, quantity: str) -> list[float]:
        """Return what the history has as `quantity` of the last epoch, for each run."""
        return [getattr(run.history, quantity)[-1] for run in self.runs]

    def accuracies(self, on: str) -> list[float]:
        """Return the accuracies on "validation" or "test" images."""
        return self.validation if on == "validation" else self.test


def train_group(train: ImageSet, test: ImageSet, recipe: Recipe, seeds: Iterable[int]) -> Group:
    """Train `recipe` from each seed on images of `train`, and look at those of `test`."""
    runs = train_seeds(train, recipe, seeds)
    return Group(runs, accuracies_on(runs, test))


def differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Return `first` minus `second`, seed by seed."""
    return [a - b for a, b in zip(first, second, strict=True)]


def percent(shares: Iterable[float]) -> list[float]:
    """Return fractions in percent, differences of fractions in points."""
    return [100 * share for share in shares]


def points(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Return by how many points the fractions `first` are above `second`, seed by seed."""
    return percent(differences(first, second))
