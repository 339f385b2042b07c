"""The referee: it runs the instructor's cells and the tests, and gives the verdicts.

The trust boundary: this process has the tests, hidden ones too, and never runs a line of a
student's. What the student's cells define is there as a stand-in (`standins`), whose values are
plain data. A verdict rests on nothing else than what the asserts here see.
"""

import ast
import asyncio
import inspect
import math
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from io import StringIO
from types import CodeType

from course.grading.arguments import Labels, seed_generators
from course.grading.asserts import CREDIT, FAILED, HOLDS, Assertion, Assertions, read_assertions
from course.grading.assignment import Cell
from course.grading.breach import Breach, Gone, Late
from course.grading.remote import Missing, Refused, Remote
from course.grading.results import AssertResult, Outcome, Verdict
from course.grading.shell import make_shell, run_cell
from course.grading.wording import printable
from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, line_in_region

MAX_FAILURES = 50
# They run the rest of their cell as it is; at its top, as only there IPython knows them.
HARMLESS_MAGIC = re.compile(r"\A\s*%%(?:capture|time)\b.*")


@dataclass(frozen=True)
class Failure:
    """Hold one assert that did not hold, or what stopped the test cell."""

    line: int
    verdict: Verdict
    message: str
    hidden: bool
    detail: str = ""
    told: str = ""  # to a student, in place of the message of a hidden test
    missing: str = ""  # the name that no cell of the student's has defined


@dataclass(frozen=True)
class Judgement:
    """Hold all that the tests of one question found.

    `credit` are points that the test cell itself gives, as nbgrader has it: by its last value.
    """

    test: str
    points: float
    failures: tuple[Failure, ...]
    seconds: float
    tests: tuple[AssertResult, ...] = ()
    is_weighted: bool = False
    credit: float | None = None

    @property
    def verdict(self) -> Verdict:
        """Return how the question went: as its first failure says, if there is one."""
        return self.failures[0].verdict if self.failures else Verdict.PASSED

    @property
    def score(self) -> float:
        """Return all points or none, unless the tests have weights or the cell gives a credit."""
        if self.is_weighted and self.failures:
            held = sum(test.weight for test in self.tests if test.outcome is Outcome.HELD)
            return self.points * held / sum(test.weight for test in self.tests)
        if self.failures:
            return 0.0
        return self.points if self.credit is None else min(max(self.credit, 0.0), self.points)

    def as_ended(self, verdict: Verdict | None) -> "Judgement":
        """Return this judgement with what the machine knows of the end of the student process."""
        if verdict is None or not self.failures:
            return self
        *others, last = self.failures
        return replace(self, failures=(*others, replace(last, verdict=verdict)))

    def because_of(self, broken: Mapping[str, Failure]) -> "Judgement":
        """Return this judgement with the cause, if it lies in a cell that broke its process."""
        missing = [f for f in self.failures if f.missing in broken]
        if not missing:
            return self
        return replace(self, failures=(broken[missing[0].missing], *self.failures))


@dataclass(frozen=True)
class _Tests:
    """Hold a test cell that is ready to be run."""

    found: Assertions
    code: CodeType


@dataclass
class _Record:
    """Note which asserts of a test cell hold."""

    cell: Cell
    found: Assertions
    reached: set[int] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)
    credit: float | None = None

    def holds(self, line: int, value: object) -> bool:
        """Note that an assert is reached, and return whether it holds."""
        self.reached.add(line)
        return bool(value)

    def failed(self, line: int, message: object = None) -> None:
        """Note that an assert does not hold, once for each of them."""
        if all(known.line != line for known in self.failures[:MAX_FAILURES]):
            text = "A test failed, without saying why." if message is None else str(message)
            self.add(line, Verdict.FAILED, text)
            told = next(test.told for test in self.found.tests if test.line == line)
            self.failures[-1] = replace(self.failures[-1], told=told)

    def credited(self, value: object) -> None:
        """Note the value of the cell's last line, if it is a number as nbgrader sees it."""
        with suppress(ValueError):
            number = None if value is None else float(repr(value))
            self.credit = 0.0 if number is not None and math.isnan(number) else number

    def add(self, line: int, verdict: Verdict, message: str, detail: str = "") -> None:
        """Note what went wrong in a line of the cell."""
        hidden = line_in_region(self.found.source, line, BEGIN_HIDDEN, END_HIDDEN)
        self.failures.append(Failure(line, verdict, printable(message), hidden, printable(detail)))

    def judgement(self, began: float) -> Judgement:
        """Return what was noted as a result."""
        found = self.found
        tests = tuple(
            AssertResult(test.name, test.line, test.hidden, self._outcome(test), test.weight)
            for test in found.tests
        )
        return Judgement(
            self.cell.name,
            self.cell.points,
            tuple(self.failures),
            time.monotonic() - began,
            tests,
            found.is_weighted,
            self.credit,
        )

    def _outcome(self, test: Assertion) -> Outcome:
        if any(failure.line == test.line for failure in self.failures):
            return Outcome.FAILED
        # What ended the cell in the middle of a loop has also cut short the tests in it.
        cut = [f.line for f in self.failures if f.verdict is not Verdict.FAILED]
        if cut and (test.inside or any(line in test.loop for line in cut)):
            return Outcome.NOT_REACHED
        return Outcome.HELD if test.line in self.reached else Outcome.NOT_REACHED


class Referee:
    """Run the cells of one submission, the instructor's here and the student's over there."""

    def __init__(self, seconds: float) -> None:
        self._shell = make_shell()
        self._seconds = seconds
        self._names: list[str] = []
        self._tests: dict[str, _Tests] = {}
        self._refused: dict[str, Failure] = {}
        self.given = Labels[str]()

    def prepare(self, cells: Iterable[Cell], tests: Iterable[Cell]) -> Iterator[None]:
        """Run the instructor's first cells before there is a student, and yield before each.

        The test cells are read, too, which takes as long as to run them.
        """
        seed_generators()
        for cell in cells:
            yield
            self._run_own(cell)
        for cell in tests:
            with suppress(SyntaxError):
                self._tests[cell.source] = self._read(cell)

    def run_given(self, cell: Cell, remote: Remote) -> None:
        """Run a cell of the instructor's here; where it fails, the next one goes on."""
        remote.give_time(self._seconds)
        self._bind(remote)
        self._run_own(cell)

    def _run_own(self, cell: Cell) -> None:
        before = dict(self._shell.user_ns)
        with redirect_stdout(StringIO()):
            run_cell(self._shell, cell.source)
        for name, value in self._shell.user_ns.items():
            own = getattr(value, "__module__", None) == "__main__"
            if own and before.get(name) is not value and name not in self._names:
                self.given.add(value, name)

    def expect(self, cell: Cell) -> None:
        """Have what a cell of the student's should define and import there for the tests."""
        self._names += [name for name in cell.defines if name not in self._names]
        if cell.imports:
            self._shell.run_cell(cell.imports)

    def judge(self, cell: Cell, remote: Remote) -> Judgement:
        """Run a test cell on a copy of the student process.

        After a `Breach` that is not an end of the copy alone, the judgement says so and the
        student process is of no more use: `remote.usable` is false.
        """
        began = time.monotonic()
        try:
            tests = self._tests.get(cell.source) or self._read(cell)
        except SyntaxError as error:
            fault = Failure(error.lineno or 0, Verdict.ERROR, f"the test cell: {error}", False)
            return Judgement(cell.name, cell.points, (fault,), 0.0)
        record = _Record(cell, tests.found)
        remote.give_time(self._seconds)
        try:
            remote.fork()
            self._bind(remote)
            self._run_tests(tests.code, record)
            remote.end()
        except Breach as breach:
            # Whoever ends a copy may have left answers behind, or say so without having ended.
            remote.usable = False
            record.add(_line(breach), verdict_on(breach), self._explain(breach), str(breach))
        return record.judgement(began).because_of(self._refused)

    def _explain(self, breach: Breach) -> str:
        explanations = {
            Verdict.TIMEOUT: f"no result within {self._seconds:.0f} seconds",
            Verdict.CRASHED: "the answer ended its process",
            Verdict.REFUSED: "the answer disturbed its grading",
        }
        return explanations[verdict_on(breach)]

    def _bind(self, remote: Remote) -> None:
        """Bring the names that answers should define up to date."""
        remote.given = self.given
        for name in self._names:
            self._shell.user_ns.pop(name, None)
        found = remote.get(self._names)
        self._shell.user_ns |= found.values
        self._refused = {
            name: _fault_of(name, error)
            for name, error in found.errors.items()
            if not isinstance(error, Missing)
        }

    @contextmanager
    def _heeding(self, record: _Record) -> Iterator[None]:
        """Note errors that the shell would only show, such as those of a cell inside of a magic."""
        showing = self._shell.showtraceback
        self._shell.showtraceback = lambda *_, **__: record.add(
            0, Verdict.ERROR, f"{type(sys.exception()).__name__}: {sys.exception()}"
        )
        try:
            yield
        finally:
            self._shell.showtraceback = showing

    def _read(self, cell: Cell) -> _Tests:
        """Return the tests of a cell; raises `SyntaxError` where it is no code."""
        source = HARMLESS_MAGIC.sub("#", cell.source)
        found = read_assertions(self._shell.transform_cell(source))
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return _Tests(found, compile(found.tree, f"<tests of {cell.name}>", "exec", flags))

    def _run_tests(self, code: CodeType, record: _Record) -> None:
        namespace = self._shell.user_ns
        namespace |= {HOLDS: record.holds, FAILED: record.failed, CREDIT: record.credited}
        try:
            with redirect_stdout(StringIO()), self._heeding(record):
                if inspect.iscoroutine(waiting := eval(code, namespace)):
                    asyncio.run(waiting)
        except Exception as error:  # noqa: BLE001 - of the test's or of the student's code
            kind = Verdict.REFUSED if isinstance(error, Refused) else Verdict.ERROR
            message = str(error) if kind is Verdict.REFUSED else f"{type(error).__name__}: {error}"
            notes = "\n".join(getattr(error, "__notes__", []))
            record.add(_line(error), kind, message, notes)
            if isinstance(error, NameError) and error.name in self._names:
                record.failures[-1] = replace(record.failures[-1], missing=error.name)


def _fault_of(name: str, error: Exception) -> Failure:
    """Return what a student is told of a value that the tests cannot have."""
    if isinstance(error, Refused):
        return Failure(0, Verdict.REFUSED, f"{name} {error}", hidden=False)
    message = f"{name} cannot be looked at: {type(error).__name__}: {error}"
    return Failure(0, Verdict.ERROR, printable(message), hidden=False)


def verdict_on(breach: Breach) -> Verdict:
    """Return what a breach says of the answer that was called."""
    if isinstance(breach, Late):
        return Verdict.TIMEOUT
    return Verdict.CRASHED if isinstance(breach, Gone) else Verdict.REFUSED


def _line(error: BaseException) -> int:
    """Return the line of the test cell in which `error` arose."""
    trace, line = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename.startswith("<tests of "):
            line = line or trace.tb_lineno
        trace = trace.tb_next
    return line
