"""The referee gives every answer in `tests/exercises/` what tests beside the answer give it."""

from dataclasses import replace

import pytest

from course.grading.assignment import Cell, Role, read_assignment
from course.grading.grader import Grader, Terms, provide_helpers
from course.grading.referee import Judgement
from course.layout import notebook
from course.proof.answers import Answer, read_answers
from tests.sample_class import COURSE, exercises

# Their tests train networks for many seconds an answer; `test_lesson_grades` grades them.
RETRAINED = {"best_lambda", "best_learning_rate"}
LESSONS = [lesson for lesson in COURSE.lessons if exercises(lesson)]
Judged = list[tuple[Answer, Judgement]]


def cells_for(cells: tuple[Cell, ...], exercise: str) -> list[Cell]:
    """Return what the tests of one exercise need: the given cells before it, too."""
    kept = []
    for cell in cells:
        if cell.role is Role.GIVEN:
            kept.append(cell)
        if cell.name == exercise or cell.name == f"test_{exercise}":
            kept.append(cell)
        if cell.name == f"test_{exercise}":
            break
    return kept


@pytest.fixture(scope="module", params=LESSONS)
def judged(request: pytest.FixtureRequest) -> Judged:
    """Provide the judgement on each answer to each exercise of a lesson."""
    lesson = request.param
    paths = (notebook(root, lesson) for root in (COURSE.masters, COURSE.release))
    assignment = read_assignment(*paths)
    found = []
    with Grader(assignment, Terms(readable=provide_helpers())) as grader:
        for exercise in set(exercises(lesson)) - RETRAINED:
            cells = cells_for(assignment.cells, exercise)
            for answer in read_answers(COURSE, exercise):
                filled = [with_answer(cell, answer) for cell in cells]
                found += [(answer, judgement) for judgement in grader.grade(filled)]
    return found


def with_answer(cell: Cell, answer: Answer) -> Cell:
    return replace(cell, source=answer.source) if cell.name == answer.exercise else cell


def test_right_answers_pass_and_wrong_ones_do_not(judged: Judged) -> None:
    assert judged
    unequal = [
        (str(answer.file), judgement.failures[:1])
        for answer, judgement in judged
        if (judgement.score > 0) != answer.is_right
    ]
    assert unequal == []


def test_wrong_answers_get_their_message(judged: Judged) -> None:
    untold = [
        (str(answer.file), answer.message, [failure.message for failure in judgement.failures])
        for answer, judgement in judged
        if answer.message is not None
        and not any(answer.message in failure.message for failure in judgement.failures)
    ]
    assert untold == []
