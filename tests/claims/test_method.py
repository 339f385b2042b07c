"""A lesson's cells are run as far as a measurement needs them."""

import pytest
import torch
from torch import nn

from claims.claim import read_lesson
from claims.method import Method
from claims.study import Study
from course.errors import CourseError


@pytest.mark.parametrize(
    ("name", "value"), [("l1_reg", 48.445133209228516), ("l2_reg", 7.328375816345215)]
)
def test_answer_gives_the_printed_value_to_the_last_digit(name: str, value: float) -> None:
    torch.manual_seed(2021)
    assert Method("norm_penalties").define(name)(nn.Linear(20, 20)).item() == value


def test_answer_names_the_strengths_that_the_text_speaks_of() -> None:
    assert Method("norm_penalties").define("best_lambda") == {"l1": 3e-3, "l2": 4e-2}


def test_best_learning_rate_is_one_that_the_claims_call_good() -> None:
    assert 2e-2 <= Method("learning_rate").define("best_learning_rate") <= 7e-2


def test_recipe_has_the_parameters_of_the_lesson() -> None:
    assert Method("norm_penalties").define("recipe").epochs == 150


def test_what_a_lesson_does_not_define_is_said() -> None:
    with pytest.raises(CourseError, match="no cell defines 'l3_reg'"):
        Method("norm_penalties").define("l3_reg")


def test_study_measures_once() -> None:
    calls = []

    def measure(study: Study, power: int) -> int:
        calls.append(power)
        return int(len(study.seeds) ** power)

    study = read_lesson("norm_penalties").study(range(3))
    assert [study.measured(measure, 2), study.measured(measure, 2)] == [9, 9]
    assert study.measured(measure, 1) == 3
    assert calls == [2, 1]
