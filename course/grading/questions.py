"""The questions of a lesson that tests decide, and the verdicts from an executed notebook."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course.errors import CourseError
from course.grading.results import QuestionResult, Status
from course.grading.wording import printable
from course.layout import Course, notebook
from course.notebooks import (
    BEGIN_HIDDEN,
    END_HIDDEN,
    grading,
    is_answer,
    is_test,
    read,
    region,
)

WITHHELD = "A hidden test failed; its message repeats the test and is not shown."
# A shorter line, such as a closing bracket, says nothing about a test.
TELLING_LENGTH = 12


@dataclass(frozen=True)
class Question:
    """Name a question and its test cell; `stub` is what the student found in the answer cell."""

    name: str
    test: str
    max_score: float
    stub: str | None
    hidden: tuple[str, ...]


def read_questions(course: Course, lesson: str) -> tuple[Question, ...]:
    """Return the questions of `lesson` in the order of the master; `release/` must be fresh."""
    released = read(notebook(course.release, lesson)).cells
    stubs = {grading(cell)["grade_id"]: cell.source for cell in released if is_answer(cell)}
    masters = read(notebook(course.masters, lesson)).cells
    return tuple(_question(cell, stubs) for cell in masters if is_test(cell))


def check_cells(nb: Any, questions: tuple[Question, ...]) -> None:
    """Raise `CourseError` when graded cells of `nb` are missing or there twice.

    nbgrader leaves the first without a score and calls the second an outdated notebook.
    """
    found = [grading(cell)["grade_id"] for cell in nb.cells if grading(cell).get("grade_id")]
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise CourseError(f"cells are there more than once ({', '.join(twice)}); delete the copies")
    if missing := [question.test for question in questions if question.test not in found]:
        raise CourseError(f"test cells are missing ({', '.join(missing)}); put them back")


def judge(question: Question, cells: Mapping[str, Any], score: float) -> QuestionResult:
    """Return the verdict on `question`, of which nbgrader gives `score`.

    `cells` are the executed cells of the student's notebook by their `grade_id`.
    """
    status, message = Status.PASSED, ""
    if score < question.max_score:
        answered = _is_answered(question, cells.get(question.name))
        status = Status.NOT_PASSED if answered else Status.NOT_ANSWERED
        message = _message(question, cells) if answered else ""
    return QuestionResult(question.name, score, question.max_score, status, message)


def errors(cell: Any) -> list[Any]:
    """Return the error outputs of `cell`."""
    return [output for output in cell.get("outputs", []) if output.output_type == "error"]


def _question(cell: Any, stubs: Mapping[str, str]) -> Question:
    test = grading(cell)["grade_id"]
    name = test.removeprefix("test_")
    lines = (line.strip() for line in region(cell.source, BEGIN_HIDDEN, END_HIDDEN))
    hidden = tuple(line for line in lines if len(line) >= TELLING_LENGTH)
    return Question(name, test, float(grading(cell)["points"]), stubs.get(name), hidden)


def _is_answered(question: Question, answer: Any | None) -> bool:
    if question.stub is None:
        return True
    return answer is not None and answer.source.strip() != question.stub.strip()


def _message(question: Question, cells: Mapping[str, Any]) -> str:
    """Return what went wrong first: in the answer itself, or else in its test."""
    for name in (question.name, question.test):
        for error in errors(cells.get(name, {})):
            return _describe(error, question)
    return "The test gave only part of the points."


def _describe(error: Any, question: Question) -> str:
    named = f"{error.ename}: {error.evalue}"
    # A student's exception can carry the source of the test that is running.
    if any(line in named for line in question.hidden):
        return WITHHELD
    if error.ename == "AssertionError":
        return printable(error.evalue) or "A test failed, without saying why."
    return printable(named)
