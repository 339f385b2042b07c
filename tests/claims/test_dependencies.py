"""A digest changes with what a measurement computes, and with nothing else."""

import ast
from functools import partial

import pytest

from claims.claim import read_lesson
from claims.dependencies import (
    Place,
    Source,
    describe,
    digest,
    functions_of,
    method_names,
    place_of,
    reached,
)
from claims.lessons.dropout import clothes
from claims.lessons.dropout import gain as gain_of_dropout
from claims.lessons.norm_penalties import gain
from course.errors import CourseError

MEASURING = """
from training import train
from plots import draw
LR = 0.1
def measure(study):
    return train(study.method("answer"), lr=LR)
def other():
    return 1
"""
TRAINING = '''
import torch
STEPS = 3
def train(model, lr):
    """Train it."""
    for step in range(STEPS):
        model = model - lr * step  # one step
    return model
def unused():
    return 2
'''


def digest_of(measuring: str = MEASURING, training: str = TRAINING) -> str:
    """Return the digest of `measure`, with `train` in a module of its own."""
    other = Source(ast.parse(training), lambda module: None)
    here = Source(ast.parse(measuring), {"training": other}.get)
    return digest(reached([(here, "measure")]))


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.1", "0.2"), ("lr=LR", "lr=2 * LR"), ('"answer"', '"another"')],
)
def test_digest_changes_with_the_measurement(old: str, new: str) -> None:
    assert digest_of(measuring=MEASURING.replace(old, new)) != digest_of()


@pytest.mark.parametrize(("old", "new"), [("= 3", "= 4"), ("model - lr", "model + lr")])
def test_digest_changes_with_what_trains(old: str, new: str) -> None:
    assert digest_of(training=TRAINING.replace(old, new)) != digest_of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Train it.", "Train it well."),
        ("  # one step", ""),
        ("model - lr * step", "(model\n            - lr * step)"),
        ("(model, lr):", "(model: float, lr: float) -> float:"),
        ("return 2", "return 3"),
        ("import torch", "import numpy"),
    ],
)
def test_digest_stays_when_nothing_is_computed_otherwise(old: str, new: str) -> None:
    changed = TRAINING.replace(old, new)
    assert changed != TRAINING
    assert digest_of(training=changed) == digest_of()


def test_digest_stays_when_code_moves_to_another_module() -> None:
    together = MEASURING.replace("from training import train", "") + TRAINING
    assert digest_of(measuring=together) == digest_of()


def test_what_is_not_called_plays_no_part() -> None:
    assert digest_of(measuring=MEASURING.replace("return 1", "return 5")) == digest_of()


def names_of(places: set[Place]) -> set[str]:
    return {name for _, name in places}


def test_measurement_reaches_what_trains_and_nothing_that_draws_figures() -> None:
    names = names_of(reached([place_of(gain)]))
    assert {"faces", "train_seeds", "fit_many", "late_accuracy", "load_animal_faces"} <= names
    assert not names & {"plot_accuracy", "show", "explore", "CLAIMS"}


def test_measurement_depends_on_the_answers_that_it_uses() -> None:
    lesson = read_lesson("norm_penalties")
    names = method_names(reached([place_of(gain)]))
    assert names == {"l1_reg", "l2_reg", "best_lambda", "recipe"}
    assert "epochs" in names_of(reached(lesson.method.places(names)))


def test_partial_is_made_of_all_its_functions() -> None:
    statistic = partial(gain_of_dropout, pictures=clothes, on="test")
    assert functions_of(statistic) == [gain_of_dropout, clothes]
    assert describe(statistic) == "gain(pictures=clothes, on='test')"


def test_function_that_is_not_at_the_top_of_a_module_is_refused() -> None:
    with pytest.raises(CourseError, match=r"functools\.partial"):
        place_of(lambda study: [0.0])


def test_name_that_is_not_written_out_is_refused() -> None:
    source = Source(ast.parse("def f(study, name): return study.method(name)"), lambda module: None)
    with pytest.raises(CourseError, match="written out"):
        method_names([(source, "f")])
