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
        return judged.because_of(self.causes)

    def _failures(self) -> Iterator[Failure]:
        tests = {test.line: test for test in self.found.tests}
        for line, message in self.notes.failed.items():
            test = tests.get(line)  # there is none for an assert of another cell's function
            if message is None:
                message = f"This does not hold: {test.name}" if test else "A test does not hold."
            failure = self._failure(line, Verdict.FAILED, message)
            yield replace(failure, told=test.told if test else TOLD)
        for stop in self.notes.stops:
            yield self._stopped(stop)

    def _stopped(self, stop: Stop) -> Failure:
        error = stop.error
        notes = "\n".join(getattr(error, "__notes__", []))  # the student's traceback
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
        if any(failure.line == test.line for failure in failures):
            return Outcome.FAILED
        # What ended the cell in the middle of a loop has also cut short the tests in it.
        ends = [failure.line for failure in failures if failure.verdict is not Verdict.FAILED]
        is_cut_short = test.inside or any(line in test.loop for line in ends)
        if ends and is_cut_short:
            return Outcome.NOT_REACHED
        return Outcome.HELD if test.line in self.notes.reached else Outcome.NOT_REACHED
