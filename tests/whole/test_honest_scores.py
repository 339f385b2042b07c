"""The referee gives answers in `tests/exercises/` what tests beside the answer give them."""

from dataclasses import replace

import pytest

from course.grading.engine.grader import Grader, provide_helpers
from course.grading.engine.options import GradingOptions
from course.grading.intake.assignment import read_master
from course.grading.model.cells import Cell, Role
from course.grading.model.judgement import Judgement
from course.layout import notebook
from course.proof.answers import Answer, read_answers
from tests.this_course import COURSE, answers, exercises

LESSONS = [lesson for lesson in COURSE.lessons if exercises(lesson)]
Judged = list[tuple[Answer, Judgement]]


def cells_for(cells: tuple[Cell, ...], answer: Answer, others: dict[str, str]) -> list[Cell]:
    """Return the test of one exercise and all before it but other tests, answers filled in."""
    filled = others | {answer.exercise: answer.source}
    kept = []
    for cell in cells:
        if cell.role is Role.GIVEN:
            kept.append(cell)
        elif cell.role is Role.ANSWER:
            kept.append(replace(cell, source=filled[cell.name]))
        elif cell.name == f"test_{answer.exercise}":
            return [*kept, cell]
    return kept


@pytest.fixture(scope="module", params=LESSONS)
def judged(request: pytest.FixtureRequest) -> Judged:
    """Provide the judgement on each answer to each exercise of a lesson."""
    lesson = request.param
    paths = (notebook(root, lesson) for root in (COURSE.masters, COURSE.release))
    master = read_master(*paths)
    found = []
    others = answers(lesson, "right")
    # Two exercises have tests that train networks, which takes long beside other tests.
    with Grader(master, GradingOptions(seconds=300, readable=provide_helpers())) as grader:
        for exercise in exercises(lesson):
            for answer in read_answers(COURSE, exercise):
                hearing = grader.grade(cells_for(master.cells, answer, others))
                found += [(answer, judgement) for judgement in hearing.judgements]
    return found


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
