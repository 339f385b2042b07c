"""The referee: it runs the instructor's cells and the tests, and gives the verdicts.

The trust boundary: this process has the tests, hidden ones too, and never runs a line of a
student's. What the student's cells define is there as a stand-in (`standins`), whose values are
plain data. A verdict rests on nothing else than what the asserts here see.
"""

import ast
import time
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from enum import StrEnum
from io import StringIO
from types import CodeType

from course.grading.assignment import Cell
from course.grading.shell import make_shell
from course.grading.standins import Breach, Gone, Late, Missing, Refused, Remote
from course.grading.wording import printable
from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, line_in_region

FAILED = "__failed__"
HOLDS = "__holds__"
MAX_FAILURES = 50


class Verdict(StrEnum):
    """Say in a word how a question went."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    NOT_ANSWERED = "not-answered"
    REFUSED = "refused"


@dataclass(frozen=True)
class Failure:
    """Hold one assert that did not hold, or what stopped the test cell."""

    line: int
    verdict: Verdict
    message: str
    hidden: bool
    detail: str = ""
    missing: str = ""  # the name that no cell of the student's has defined


@dataclass(frozen=True)
class Judgement:
    """Hold all that the tests of one question found."""

    test: str
    points: float
    checked: int
    failures: tuple[Failure, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """Return how the question went: as its first failure says, if there is one."""
        return self.failures[0].verdict if self.failures else Verdict.PASSED

    @property
    def score(self) -> float:
        """Return all points or none."""
        return 0.0 if self.failures else self.points

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


@dataclass
class _Record:
    """Note which asserts of a test cell hold."""

    cell: Cell
    lines: set[int] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)

    def holds(self, line: int, value: object) -> bool:
        """Note that an assert is reached, and return whether it holds."""
        self.lines.add(line)
        return bool(value)

    def failed(self, line: int, message: object = None) -> None:
        """Note that an assert does not hold, once for each of them."""
        if all(known.line != line for known in self.failures[:MAX_FAILURES]):
            text = "A test failed, without saying why." if message is None else str(message)
            self.add(line, Verdict.FAILED, text)

    def add(self, line: int, verdict: Verdict, message: str, detail: str = "") -> None:
        """Note what went wrong in a line of the cell."""
        hidden = line_in_region(self.cell.source, line, BEGIN_HIDDEN, END_HIDDEN)
        self.failures.append(Failure(line, verdict, printable(message), hidden, printable(detail)))

    def judgement(self, began: float) -> Judgement:
        """Return what was noted as a result."""
        seconds = time.monotonic() - began
        cell, failures = self.cell, tuple(self.failures)
        return Judgement(cell.name, cell.points, len(self.lines), failures, seconds)


class _Asserts(ast.NodeTransformer):
    """Make every assert note its outcome and let the cell go on, so that all tests are run."""

    def visit_Assert(self, node: ast.Assert) -> ast.If:
        """Turn `assert test, message` into `if not holds(line, test): failed(line, message)`."""
        line = ast.Constant(node.lineno)
        arguments: list[ast.expr] = [line] if node.msg is None else [line, node.msg]
        test = ast.Call(ast.Name(HOLDS, ast.Load()), [line, node.test], [])
        failed = ast.Expr(ast.Call(ast.Name(FAILED, ast.Load()), arguments, []))
        found = ast.If(ast.UnaryOp(ast.Not(), test), [failed], [])
        return ast.fix_missing_locations(ast.copy_location(found, node))


class Referee:
    """Run the cells of one submission, the instructor's here and the student's over there."""

    def __init__(self, seconds: float) -> None:
        self._shell = make_shell()
        self._seconds = seconds
        self._names: list[str] = []
        self._refused: dict[str, Failure] = {}
        self.given: dict[int, str] = {}

    def run_given(self, cell: Cell, remote: Remote) -> None:
        """Run a cell of the instructor's here; where it fails, the next one goes on."""
        remote.give_time(self._seconds)
        self._bind(remote)
        before = dict(self._shell.user_ns)
        with redirect_stdout(StringIO()):
            self._shell.run_cell(cell.source)
        for name, value in self._shell.user_ns.items():
            own = getattr(value, "__module__", None) == "__main__"
            if own and before.get(name) is not value and name not in self._names:
                self.given[id(value)] = name

    def expect(self, names: Iterable[str]) -> None:
        """Have names that a cell of the student's should define stand in the tests from now on."""
        self._names += [name for name in names if name not in self._names]

    def judge(self, cell: Cell, remote: Remote) -> Judgement:
        """Run a test cell on a copy of the student process.

        After a `Breach` that is not an end of the copy alone, the judgement says so and the
        student process is of no more use: `remote.usable` is false.
        """
        record, began = _Record(cell), time.monotonic()
        remote.give_time(self._seconds)
        try:
            remote.fork()
            self._bind(remote)
            self._run_tests(cell, record)
            remote.end()
        except Late:
            record.add(0, Verdict.TIMEOUT, f"no result within {self._seconds:.0f} seconds")
            remote.usable = False
        except Gone as gone:
            record.add(0, Verdict.CRASHED, "the answer ended its process", str(gone))
            # Whoever ends a copy may have left answers behind, or say so without having ended.
            remote.usable = False
        except Breach as breach:
            record.add(0, Verdict.REFUSED, "the answer disturbed its grading", str(breach))
            remote.usable = False
        return record.judgement(began).because_of(self._refused)

    def _bind(self, remote: Remote) -> None:
        """Bring the names that answers should define up to date."""
        remote.given = self.given
        self._refused.clear()
        for name in self._names:
            self._shell.user_ns.pop(name, None)
            try:
                self._shell.user_ns[name] = remote.get(name)
            except Missing:
                continue
            except Refused as refused:
                self._refused[name] = Failure(0, Verdict.REFUSED, f"{name} {refused}", hidden=False)
            except Exception as error:  # noqa: BLE001 - of what looking at the value has run
                message = f"{name} cannot be looked at: {type(error).__name__}: {error}"
                self._refused[name] = Failure(0, Verdict.ERROR, printable(message), hidden=False)

    def _run_tests(self, cell: Cell, record: _Record) -> None:
        namespace = self._shell.user_ns
        namespace |= {HOLDS: record.holds, FAILED: record.failed}
        try:
            with redirect_stdout(StringIO()):
                exec(self._compile(cell), namespace)
        except Exception as error:  # noqa: BLE001 - of the test's or of the student's code
            kind = Verdict.REFUSED if isinstance(error, Refused) else Verdict.ERROR
            message = str(error) if kind is Verdict.REFUSED else f"{type(error).__name__}: {error}"
            notes = "\n".join(getattr(error, "__notes__", []))
            record.add(_line(error), kind, message, notes)
            if isinstance(error, NameError) and error.name in self._names:
                record.failures[-1] = replace(record.failures[-1], missing=error.name)

    def _compile(self, cell: Cell) -> CodeType:
        tree = _Asserts().visit(ast.parse(self._shell.transform_cell(cell.source)))
        code: CodeType = compile(tree, f"<tests of {cell.name}>", "exec")
        return code


def _line(error: BaseException) -> int:
    """Return the line of the test cell in which `error` arose."""
    trace, line = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename.startswith("<tests of "):
            line = line or trace.tb_lineno
        trace = trace.tb_next
    return line
