"""Every exercise of the course is proven: right answers pass, wrong ones fail and are told why."""

from dataclasses import replace

import pytest

from course.grading.engine.grader import Grader
from course.grading.engine.options import GradingOptions
from course.grading.inside.limits import Isolation
from course.grading.intake.assignment import read_assignment
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Findings
from course.grading.model.rehearsal import Rules
from course.proof.proofs import ENOUGH_RIGHT, ENOUGH_WRONG, Proof, prove
from course.provided import provide
from course.sample.students import Kind
from tests.this_course import COURSE, answers, exercises

pytestmark = pytest.mark.slow(minutes=4)

EXERCISES = [name for lesson in COURSE.lessons for name in exercises(lesson)]
TRAINING = ("test_best_lambda", "test_best_learning_rate")  # they train networks for a minute


@pytest.fixture(scope="module")
def proofs() -> dict[str, Proof]:
    return {proof.exercise: proof for proof in prove(COURSE)}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_answers_pass_and_wrong_ones_fail_with_their_message(
    proofs: dict[str, Proof], exercise: str
) -> None:
    assert proofs[exercise].faults == []
    assert proofs[exercise].right_accepted >= ENOUGH_RIGHT
    assert proofs[exercise].wrong_rejected >= ENOUGH_WRONG


def test_no_answers_are_left_over_from_an_exercise_that_is_gone() -> None:
    folders = {folder.name for folder in COURSE.answers.iterdir() if folder.is_dir()}
    assert folders == set(EXERCISES)


# --- apart from the answer and beside it ---


def answered(master: MasterNotebook, filled: dict[str, str]) -> list[Cell]:
    """Return the cells of a submission, but for the tests that train networks."""
    cells = (cell for cell in master.cells if cell.name not in TRAINING)
    return [replace(cell, source=filled.get(cell.name, cell.source)) for cell in cells]


def found_by(findings: Findings) -> dict[str, list[tuple[int, str]]]:
    """Return what became of each assert of each test cell."""
    return {
        judgement.test: [(test.line, test.outcome) for test in judgement.tests]
        for judgement in findings.judgements
    }


@pytest.mark.parametrize("lesson", COURSE.lessons)
def test_tests_find_apart_from_the_answers_what_they_find_beside_them(lesson: str) -> None:
    [master] = read_assignment(COURSE, lesson).notebooks
    options = provide(COURSE, GradingOptions(Isolation.PROCESS, time_limit=300))
    kinds: tuple[Kind, ...] = ("right", "wrong")
    with Grader(master, options) as grader:
        for cells in (answered(master, answers(lesson, kind)) for kind in kinds):
            tests = tuple(cell.name for cell in cells if cell.role is Role.TEST)
            apart = found_by(grader.grade(cells))
            assert set(apart) == set(tests)
            assert apart == found_by(grader.grade(cells, rules=Rules(run_beside=tests)))
