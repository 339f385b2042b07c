"""Answers tried on an exercise's tests, each judged as a student's submission is.

What is judged is the master's notebook as far as the exercise's tests, with the answer in place of
its solution; the other exercises keep their own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from course.grading.model.cells import Cell, MasterNotebook, Role, answers_before_tests
from course.grading.model.findings import Findings
from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, line_in_region
from course.proof.answers import Answer

Judge = Callable[[Sequence[Cell]], Findings]  # as `Grader.grade` does
Catcher = Literal["nothing", "visible tests", "hidden tests"]


@dataclass(frozen=True)
class Attempt:
    """Say which tests an answer fails, if any, and what the first of them says."""

    answer: Answer
    caught_by: Catcher
    message: str = ""

    @property
    def fault(self) -> str | None:
        """Return in one line what is wrong with the tests (or with the answer), if so."""
        file, accepted = self.answer.file, self.caught_by == "nothing"
        if self.answer.message is None:
            return None if accepted else f"{file}: right, but rejected ({self.message})"
        if accepted:
            return f"{file}: wrong, but accepted; add a test that it fails"
        if self.answer.message not in self.message:
            return f"{file}: is told {self.message!r} instead of {self.answer.message!r}"
        return None


@dataclass(frozen=True)
class Exercise:
    """Name an answer cell, and the test cells that follow it."""

    name: str
    tests: tuple[str, ...]


def find_exercises(master: MasterNotebook) -> list[Exercise]:
    """Return the exercises of a notebook that have tests, in their order.

    Tests that follow several answers are for all of them.
    """
    tests: dict[str, list[str]] = {}
    for test, answers in answers_before_tests(master.cells):
        for name in answers:
            tests.setdefault(name, []).append(test)
    return [Exercise(name, tuple(found)) for name, found in tests.items()]


def try_answers(
    judge: Judge, master: MasterNotebook, exercise: Exercise, answers: Iterable[Answer]
) -> Iterator[Attempt]:
    """Yield what becomes of each of the `answers` to an exercise; raises what `judge` raises."""
    for answer in answers:
        cells = tuple(_cells_of_attempt(master, exercise, answer))
        yield _attempt(answer, cells, judge(cells))


def _cells_of_attempt(master: MasterNotebook, exercise: Exercise, answer: Answer) -> Iterator[Cell]:
    for cell in master.cells:
        if cell.name == exercise.name:
            yield replace(cell, source=answer.source)
        elif cell.role is not Role.TEST or cell.name in exercise.tests:
            yield cell
        # What comes after has no say, and may take long to run.
        if cell.name == exercise.tests[-1]:
            return


def _attempt(answer: Answer, cells: Sequence[Cell], findings: Findings) -> Attempt:
    """Return what was found; all of the points are an exercise's, or it is not accepted."""
    rejecting = [each for each in findings.judgements if each.failures or each.score < each.points]
    if not rejecting:
        return Attempt(answer, "nothing")

    sources = {cell.name: cell.source for cell in cells if cell.role is Role.TEST}
    failures = [(sources[each.test], failure) for each in rejecting for failure in each.failures]
    # A test cell that ends in a number gives so many points, without an assert that fails.
    if not failures:
        return Attempt(answer, "visible tests", "not all of its points")

    message = failures[0][1].message
    is_hidden = [
        line_in_region(source, failure.line, BEGIN_HIDDEN, END_HIDDEN)
        for source, failure in failures
    ]
    return Attempt(answer, "hidden tests" if all(is_hidden) else "visible tests", message)
