"""The lesson on norm penalties prints what it says, and claims only what holds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course.layout import notebook
from course.notebooks import is_answer, read
from helpers.data import load_animal_faces
from helpers.data.animal_faces import AnimalFaces
from helpers.digits import load_digit_images
from helpers.experiments import (
    Gain,
    Recipe,
    Run,
    accuracies_on,
    late_accuracy,
    paired_gain,
    train_seeds,
)
from helpers.models import MLP
from helpers.training.loop import Penalty
from tests.this_course import COURSE

LESSON = "norm_penalties"
Regularizer = Callable[[nn.Module], Tensor]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Provide what the answer cells of the published solution define."""
    namespace: dict[str, Any] = {"torch": torch}
    for cell in read(notebook(COURSE.solutions, LESSON)).cells:
        if is_answer(cell):
            exec(cell.source, namespace)
    return namespace


@pytest.mark.parametrize(
    ("name", "value"), [("l1_reg", 48.445133209228516), ("l2_reg", 7.328375816345215)]
)
def test_solution_gives_the_printed_value_to_the_last_digit(
    answers: dict[str, Any], name: str, value: float
) -> None:
    torch.manual_seed(2021)
    assert answers[name](nn.Linear(20, 20)).item() == value


# --- what the text says about the faces, over seeds that the notebook does not use ---

SEEDS = range(1000, 1020)


@dataclass(frozen=True)
class Group:
    """Runs with the same penalty, and their accuracies in [0, 1]."""

    runs: list[Run]
    validation: list[float]
    test: list[float]

    def final(self, quantity: str) -> list[float]:
        """Return what was measured after the last epoch of each run."""
        return [getattr(run.history, quantity)[-1] for run in self.runs]

    @property
    def tiny_parameters(self) -> list[int]:
        """Return how many parameters of each model are practically zero."""
        return [
            sum(int((p.abs() < 1e-3).sum()) for p in run.model.parameters()) for run in self.runs
        ]


def weighted(strength: float, regularizer: Regularizer) -> Penalty:
    return lambda model: strength * regularizer(model)


@pytest.fixture(scope="module")
def groups(answers: dict[str, Any]) -> dict[str, Group]:
    """Provide the runs of section 5 of the lesson, and those with far too large a λ."""
    l1, l2, best = answers["l1_reg"], answers["l2_reg"], answers["best_lambda"]
    penalties: dict[str, Penalty | None] = {
        "none": None,
        "L1": weighted(best["l1"], l1),
        "L2": weighted(best["l2"], l2),
        "both": lambda model: 1e-3 * l1(model) + 1e-3 * l2(model),
        "too much L1": weighted(3e-2, l1),
        "too much L2": weighted(2e-1, l2),
    }
    faces = load_animal_faces("faces")
    return {name: train(faces, penalty) for name, penalty in penalties.items()}


def train(faces: AnimalFaces, penalty: Penalty | None) -> Group:
    runs = train_seeds(faces.train, Recipe(penalty=penalty), SEEDS)
    validation = [late_accuracy([run]) for run in runs]
    return Group(runs, validation, accuracies_on(runs, faces.test))


PENALISED = ["L1", "L2", "both"]
ACCURACIES = ["validation", "test"]


def compare(groups: dict[str, Group], better: str, worse: str, accuracies: str) -> Gain:
    return paired_gain(getattr(groups[better], accuracies), getattr(groups[worse], accuracies))


def test_solution_names_the_strengths_that_the_text_speaks_of(answers: dict[str, Any]) -> None:
    assert answers["best_lambda"] == {"l1": 3e-3, "l2": 4e-2}


def test_every_plain_network_learns_its_pictures_by_heart(groups: dict[str, Group]) -> None:
    assert set(groups["none"].final("train_accuracy")) == {1.0}


def test_validation_stays_far_below(groups: dict[str, Group]) -> None:
    assert max(groups["none"].validation) < 0.8
    assert fmean(groups["none"].validation) < 0.6


@pytest.mark.parametrize("accuracies", ACCURACIES)
@pytest.mark.parametrize("penalty", PENALISED)
def test_penalty_helps_on_faces(groups: dict[str, Group], penalty: str, accuracies: str) -> None:
    helps = compare(groups, penalty, "none", accuracies)
    assert helps.mean > helps.standard_error


@pytest.mark.parametrize("accuracies", ACCURACIES)
def test_l1_helps_more_than_l2(groups: dict[str, Group], accuracies: str) -> None:
    assert compare(groups, "L1", "L2", accuracies).mean > 0


@pytest.mark.parametrize(("penalty", "points"), [("L1", 6), ("L2", 3)])
def test_gains_on_test_pictures_are_about_those_of_the_text(
    groups: dict[str, Group], penalty: str, points: float
) -> None:
    helps = compare(groups, penalty, "none", "test")
    assert abs(100 * helps.mean - points) < 100 * 3 * helps.standard_error


@pytest.mark.parametrize("penalty", ["too much L1", "too much L2"])
def test_too_large_a_strength_does_worse_than_none(groups: dict[str, Group], penalty: str) -> None:
    harms = compare(groups, "none", penalty, "validation")
    assert harms.mean > harms.standard_error


@pytest.mark.parametrize("penalty", PENALISED)
def test_penalised_network_is_smaller_for_every_seed(
    groups: dict[str, Group], penalty: str
) -> None:
    pairs = zip(groups[penalty].final("norm"), groups["none"].final("norm"), strict=True)
    assert all(penalised < plain for penalised, plain in pairs)


def test_l2_leaves_a_smaller_network_than_l1_for_every_seed(groups: dict[str, Group]) -> None:
    pairs = zip(groups["L2"].final("norm"), groups["L1"].final("norm"), strict=True)
    assert all(l2 < l1 for l2, l1 in pairs)


def test_plain_network_grows_and_penalised_ones_shrink(groups: dict[str, Group]) -> None:
    for name in ("none", *PENALISED):
        for run in groups[name].runs:
            first, last = run.history.norm[0], run.history.norm[-1]
            assert (last > first) == (name == "none")


def test_l1_makes_many_parameters_practically_zero(groups: dict[str, Group]) -> None:
    pairs = zip(groups["L1"].tiny_parameters, groups["none"].tiny_parameters, strict=True)
    assert all(penalised > 3 * plain for penalised, plain in pairs)


# --- what the text says about the digits ---

STRENGTHS = (1e-4, 1e-3, 1e-2)


@pytest.fixture(scope="module")
def digit_gains(answers: dict[str, Any]) -> dict[tuple[str, float], Gain]:
    """Provide what each penalty of section 7 gains on validation images."""
    plain = digit_accuracies(None)
    return {
        (name, strength): paired_gain(digit_accuracies(weighted(strength, answers[name])), plain)
        for name in ("l1_reg", "l2_reg")
        for strength in STRENGTHS
    }


def digit_accuracies(penalty: Penalty | None) -> list[float]:
    make_model = partial(MLP, (64, 128, 32, 10))
    recipe = Recipe(train_images=100, val_images=500, make_model=make_model, penalty=penalty)
    runs = train_seeds(load_digit_images(), recipe, SEEDS)
    return [late_accuracy([run]) for run in runs]


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("penalty", ["l1_reg", "l2_reg"])
def test_no_strength_beats_the_plain_network_on_digits(
    digit_gains: dict[tuple[str, float], Gain], penalty: str, strength: float
) -> None:
    found = digit_gains[penalty, strength]
    assert found.mean <= found.standard_error


def test_the_weakest_penalties_change_nothing_on_digits(
    digit_gains: dict[tuple[str, float], Gain],
) -> None:
    for penalty in ("l1_reg", "l2_reg"):
        assert abs(digit_gains[penalty, STRENGTHS[0]].mean) < 0.002


def test_the_strongest_l1_hurts_most_on_digits(
    digit_gains: dict[tuple[str, float], Gain],
) -> None:
    strongest = digit_gains["l1_reg", STRENGTHS[-1]]
    assert strongest.mean < -0.2
    assert strongest.mean == min(found.mean for found in digit_gains.values())
