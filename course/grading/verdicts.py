"""From what the referee found to what the records say of it."""

from collections.abc import Collection, Iterator, Sequence

from course.grading.assignment import Assignment, Cell, Role
from course.grading.referee import Failure, Judgement, Verdict
from course.grading.results import QuestionResult, Status


def question_results(
    assignment: Assignment, judgements: Sequence[Judgement], unanswered: Collection[str]
) -> tuple[QuestionResult, ...]:
    """Return the result of each question that tests decide, in the order of the master."""
    answers = dict(_answers_before_tests(assignment.cells))
    return tuple(_result(item, answers.get(item.test), unanswered) for item in judgements)


def _answers_before_tests(cells: Sequence[Cell]) -> Iterator[tuple[str, str]]:
    """Yield each test cell's name with that of the answer cell that it follows."""
    answer = ""
    for cell in cells:
        if cell.role is Role.ANSWER:
            answer = cell.name
        elif cell.role is Role.TEST:
            yield cell.name, answer


def _result(
    judgement: Judgement, answer: str | None, unanswered: Collection[str]
) -> QuestionResult:
    name, message = judgement.test.removeprefix("test_"), ""
    status = Status.PASSED
    if judgement.failures:
        status = Status.NOT_ANSWERED if answer in unanswered else Status.NOT_PASSED
        message = "" if answer in unanswered else _message(judgement.failures[0])
    return QuestionResult(name, judgement.score, judgement.points, status, message)


def _message(failure: Failure) -> str:
    """Return what a student may read: of an error in a hidden test, no more than its type."""
    if failure.hidden and failure.verdict is Verdict.ERROR:
        return f"{failure.message.partition(':')[0]} in a hidden test, whose values are not shown."
    return failure.message
