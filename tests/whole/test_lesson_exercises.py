"""Every lesson gives points for right answers alone, and says what is wrong with the others.

One grader a lesson judges all answers: most of what a single one takes is to start its grader.
"""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import pytest

from course.cores import count_cores
from course.grading.engine.assignment_grader import RestartingGrader
from course.grading.engine.options import GradingOptions
from course.grading.engine.rehearsal import rehearse
from course.grading.inside.limits import Isolation
from course.grading.intake.rebuild import rebuild
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Findings
from course.grading.model.rehearsal import Rehearsal, Rules
from course.pool import Pool
from course.proof.proofs import ENOUGH_RIGHT, ENOUGH_WRONG, Proof, ProofTask, prove_task, read_tasks
from course.provided import provide
from course.sample.students import Kind
from tests.this_course import COURSE, answers, exercises, submission

pytestmark = pytest.mark.slow(minutes=5)

EXERCISES = [name for lesson in COURSE.lessons for name in exercises(lesson)]
TRAINING = ("test_best_lambda", "test_best_learning_rate")  # they train networks for a minute
KINDS: tuple[Kind, ...] = ("right", "wrong")
OPTIONS = GradingOptions(Isolation.PROCESS, time_limit=300)

Outcomes = Mapping[str, list[tuple[int, str]]]  # of each assert of each test cell


@dataclass(frozen=True)
class LessonFindings:
    """Hold what the grader of a lesson finds in its solution and in other answers to it."""

    rehearsal: Rehearsal
    proofs: list[Proof]
    blank: Findings
    apart: list[Outcomes]
    beside: list[Outcomes]


def try_lesson(lesson: str, _: None) -> LessonFindings:
    [task] = read_tasks(COURSE, lesson)
    with RestartingGrader(task.master, provide(COURSE, OPTIONS), task.assignment.files) as grader:
        return try_answers(task, grader)


def try_answers(task: ProofTask, grader: RestartingGrader) -> LessonFindings:
    master, lesson = task.master, task.assignment.name
    blank = rebuild(master, submission(lesson, {}))
    beside = Rules(run_beside=tuple(cell.name for cell in master.cells if cell.role is Role.TEST))
    filled = [answered(master, answers(lesson, kind)) for kind in KINDS]
    return LessonFindings(
        rehearse(grader.grade, master, allow_beside=False),
        prove_task(task, grader, Rules()),
        grader.grade(blank.cells, {}, Rules()),
        [outcomes(grader.grade(cells, {}, Rules())) for cells in filled],
        [outcomes(grader.grade(cells, {}, beside)) for cells in filled],
    )


def answered(master: MasterNotebook, filled: dict[str, str]) -> list[Cell]:
    """Return the cells of a submission, but for the tests that train networks."""
    cells = (cell for cell in master.cells if cell.name not in TRAINING)
    return [replace(cell, source=filled.get(cell.name, cell.source)) for cell in cells]


def outcomes(found: Findings) -> Outcomes:
    return {
        judgement.test: [(test.line, test.outcome) for test in judgement.tests]
        for judgement in found.judgements
    }


@pytest.fixture(scope="module")
def findings() -> Iterator[dict[str, LessonFindings]]:
    with Pool(nullcontext, count_cores()) as pool:
        found = {lesson: pool.submit(partial(try_lesson, lesson)) for lesson in COURSE.lessons}
        yield {lesson: each.result() for lesson, each in found.items()}


@pytest.fixture(scope="module")
def proofs(findings: dict[str, LessonFindings]) -> dict[str, Proof]:
    all_proofs = chain.from_iterable(each.proofs for each in findings.values())
    return {proof.exercise: proof for proof in all_proofs}


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


@pytest.mark.parametrize("lesson", COURSE.lessons)
def test_the_solution_gets_everything_apart_from_its_tests(
    findings: dict[str, LessonFindings], lesson: str
) -> None:
    assert findings[lesson].rehearsal == Rehearsal()


@pytest.mark.parametrize("lesson", COURSE.lessons)
def test_a_blank_notebook_scores_nothing(findings: dict[str, LessonFindings], lesson: str) -> None:
    judgements = findings[lesson].blank.judgements
    assert len(judgements) == len(exercises(lesson))
    assert [judgement.score for judgement in judgements] == [0] * len(judgements)


@pytest.mark.parametrize("lesson", COURSE.lessons)
def test_tests_find_apart_from_the_answers_what_they_find_beside_them(
    findings: dict[str, LessonFindings], lesson: str
) -> None:
    tests = {f"test_{name}" for name in exercises(lesson)}.difference(TRAINING)
    assert [set(found) for found in findings[lesson].apart] == [tests, tests]
    assert findings[lesson].apart == findings[lesson].beside
