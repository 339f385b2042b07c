"""Make a judgement of the notes on a test cell."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from course.grading.border.notes import Notes, Stop
from course.grading.model.cells import Cell
from course.grading.model.judgement import Failure, Judgement
from course.grading.model.printable import printable
from course.grading.model.results import AssertResult, Outcome, Verdict
from course.grading.referee.asserts import TOLD, Assertion, Assertions
from course.grading.referee.student_link import Refused
from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, line_in_region


@dataclass
class Record:
    """Make a judgement of the notes on a test cell that was `found` to have these asserts.

    Where hidden tests were `within_reach` of the answer, its student is told nothing that it says.
    """

    cell: Cell
    found: Assertions
    ran_beside: bool = False
    within_reach: bool = False
    notes: Notes = field(default_factory=Notes)
    breaches: list[Failure] = field(default_factory=list)
    causes: Mapping[str, Failure] = field(default_factory=dict)  # of a name's being undefined
    began: float = field(default_factory=time.monotonic)

    def add_breach(self, line: int, verdict: Verdict, message: str, detail: str) -> None:
        """Note how the student process came to its end while this cell was run."""
        self.breaches.append(self._failure(line, verdict, message, detail))

    def judgement(self) -> Judgement:
        """Return what was noted as a result."""
        failures = (*self._failures(), *self.breaches)
        lines = {test.line for test in self.found.tests}
        # A failure of no test of this cell has no weight, and must not be without a price.
        has_others = any(line not in lines for line in self.notes.failed)
        judged = Judgement(
            self.cell.name,
            self.cell.points,
            failures,
            time.monotonic() - self.began,
            tuple(self._result(test, failures) for test in self.found.tests),
            self.found.is_weighted and not has_others,
            self.notes.credit,
            self.ran_beside,
        )
        return self._without_meant(judged).because_of(self.causes)

    def _without_meant(self, judged: Judgement) -> Judgement:
        """Leave out asserts that raised where all points are given: they were meant to."""
        if judged.score < judged.points or self.found.is_weighted:
            return judged
        tests = (test for test in judged.tests if test.line not in self.notes.raised)
        return replace(judged, tests=tuple(tests))

    def _failures(self) -> Iterator[Failure]:
        for line, message in self.notes.failed.items():
            yield self._failed(line, message)
        for stop in self.notes.stops:
            yield self._stopped(stop)

    def _failed(self, line: int, message: str | None) -> Failure:
        """Return the failure of an assert, or of what raises the same error in its place."""
        test = next((test for test in self.found.tests if test.line == line), None)
        if message is None:  # there is no test for an assert of another cell's function
            message = f"This does not hold: {test.name}" if test else "A test does not hold."
        failure = self._failure(line, Verdict.FAILED, message)
        return replace(failure, told=test.told if test else TOLD)

    def _stopped(self, stop: Stop) -> Failure:
        error = stop.error
        notes = "\n".join(getattr(error, "__notes__", []))  # the student's traceback
        # An assert that the cell could have caught, and has not, or has raised again.
        if isinstance(error, AssertionError) and stop.line in self.notes.raised:
            return self._failed(stop.line, self.notes.raised[stop.line])
        if isinstance(error, Refused):
            return self._failure(stop.line, Verdict.REFUSED, str(error), notes)
        message = f"{type(error).__name__}: {error}"
        failure = self._failure(stop.line, Verdict.ERROR, message, notes)
        undefined = error.name if isinstance(error, NameError) else None
        return replace(failure, missing=undefined or "")

    def _failure(self, line: int, verdict: Verdict, message: str, detail: str = "") -> Failure:
        inside = line_in_region(self.found.source, line, BEGIN_HIDDEN, END_HIDDEN)
        hidden = inside or self.within_reach
        return Failure(line, verdict, printable(message), hidden, printable(detail))

    def _result(self, test: Assertion, failures: tuple[Failure, ...]) -> AssertResult:
        outcome = self._outcome(test, failures)
        return AssertResult(test.name, test.line, test.hidden, outcome, test.weight)

    def _outcome(self, test: Assertion, failures: tuple[Failure, ...]) -> Outcome:
        if test.line in self.notes.raised or any(each.line == test.line for each in failures):
            return Outcome.FAILED
        # What ended the cell in the middle of a loop has also cut short the tests in it.
        ends = [stop.line for stop in self.notes.stops] + [each.line for each in self.breaches]
        is_cut_short = test.inside or any(line in test.loop for line in ends)
        if ends and is_cut_short:
            return Outcome.NOT_REACHED
        return Outcome.HELD if test.line in self.notes.reached else Outcome.NOT_REACHED
