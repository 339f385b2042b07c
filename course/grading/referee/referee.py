"""The referee: it runs the instructor's cells and the tests, and gives the verdicts.

The trust boundary: this process has the tests, hidden ones too, and never runs a line of a
student's. What the student's cells define is there as a stand-in (`stand_ins`), whose values are
plain data. A verdict rests on nothing else than what the asserts here see.
"""

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from io import StringIO
from types import CodeType

from course.grading.border.arguments import Labels
from course.grading.border.breach import Breach, Gone, Late
from course.grading.border.notes import FILE, Notes, line_of, run_tests
from course.grading.border.randomness import seed_generators
from course.grading.border.shell import make_shell, run_cell
from course.grading.border.tensors import torch_is_imported
from course.grading.inside.late_torch import prepare_for_torch
from course.grading.model.cells import Cell
from course.grading.model.judgement import Failure, Judgement
from course.grading.model.printable import one_line, printable
from course.grading.model.results import Verdict
from course.grading.referee.asserts import Assertions, read_assertions
from course.grading.referee.judging import Record
from course.grading.referee.student_link import Missing, Refused, StudentLink
from course.notebooks import BEGIN_HIDDEN

# They run the rest of their cell as it is; at its top, as only there IPython knows them.
HARMLESS_MAGIC = re.compile(r"\A\s*%%(?:capture|time)\b.*")


@dataclass(frozen=True)
class _Tests:
    """Hold a test cell that is ready to be run."""

    found: Assertions
    code: CodeType


class Referee:
    """Run the cells of one submission, the instructor's here and the student's over there."""

    def __init__(self, time_limit: float) -> None:
        self._shell = make_shell()
        self._time_limit = time_limit
        self._names: list[str] = []
        self._tests: dict[Cell, _Tests] = {}
        self._refused: dict[str, Failure] = {}
        self._prefix: tuple[Cell, ...] = ()
        self.faults: dict[str, str] = {}  # given cells that fail, and how
        self.given = Labels[str]()

    def prepare(self, cells: Iterable[Cell], tests: Iterable[Cell]) -> Iterator[None]:
        """Run the instructor's first cells before there is a student, and yield before each.

        The test cells are read, too, which takes as long as to run them.
        """
        prepare_for_torch()
        if torch_is_imported():  # now, lest each process that is forked has to
            importlib.import_module("course.grading.referee.torch_values")
        seed_generators()
        self._prefix = tuple(cells)
        for cell in self._prefix:
            yield
            self._run_own(cell)
        for cell in tests:
            with suppress(SyntaxError):
                self._read(cell)

    def run_given(self, cell: Cell, student: StudentLink) -> None:
        """Run a cell of the instructor's here; where it fails, the next one goes on."""
        student.give_time(self._time_limit)
        self._bind(student)
        self._run_own(cell)

    def _run_own(self, cell: Cell) -> None:
        before = dict(self._shell.user_ns)
        with redirect_stdout(StringIO()):
            run_cell(self._shell, cell.source)

        # What the cell has defined is there in the student process, too: it crosses by its name.
        for name, value in self._shell.user_ns.items():
            is_own = getattr(value, "__module__", None) == "__main__"
            is_new = before.get(name) is not value
            if is_own and is_new and name not in self._names:
                self.given.add(value, name)

    def note_fault(self, cell: Cell, error: BaseException | None) -> None:
        """Note that a given cell fails, if there is an error."""
        if error is not None:
            self.faults[cell.title] = one_line(f"{type(error).__name__}: {error}")

    def ask_for_faults(self, student: StudentLink) -> None:
        """Note which of the first cells have failed over there before there was a student."""
        student.give_time(self._time_limit)
        found = student.faults()
        for step, cell in enumerate(self._prefix):
            self.note_fault(cell, found.get(step))

    def expect(self, cell: Cell) -> None:
        """Have what a cell of the student's should define and import there for the tests."""
        self._names += [name for name in cell.defines if name not in self._names]
        if cell.imports:
            self._shell.run_cell(cell.imports)

    def judge(
        self, cell: Cell, student: StudentLink, *, beside: Sequence[Cell] | None = None
    ) -> Judgement:
        """Run a test cell on a copy of the student process, or inside of it.

        The latter is asked for by naming what else to run `beside` the answers before: the test
        cells before this one, which may define what it needs.

        After a `Breach` that is not an end of the copy alone, the judgement says so and the
        student process is of no more use: `student.usable` is false.
        """
        try:
            tests = self._read(cell)
        except SyntaxError as error:
            fault = Failure(error.lineno or 0, Verdict.ERROR, f"the test cell: {error}")
            return Judgement(cell.name, cell.points, (fault,))

        there = [] if beside is None else [*beside, cell]
        within_reach = any(BEGIN_HIDDEN in each.source for each in there)
        record = Record(cell, tests.found, bool(there), within_reach)
        try:
            # A copy, so that whatever the question does to its process costs no other question.
            student.give_time(self._time_limit)
            student.fork()
            if there:
                record.notes = self._run_there(there, student)
            else:
                self._run_here(tests, student, record)
            student.end()
        except Breach as breach:
            # Whoever ends a copy may have left answers behind, or say so without having ended.
            student.usable = False
            explanation = self._explain(breach)
            record.add_breach(line_of(breach), verdict_on(breach), explanation, str(breach))
        return record.judgement()

    def _run_here(self, tests: _Tests, student: StudentLink, record: Record) -> None:
        self._bind(student)
        run_tests(self._shell, tests.code, record.notes)
        record.causes = self._refused

    def _run_there(self, cells: Sequence[Cell], student: StudentLink) -> Notes:
        """Run test cells in the student process, and return the notes on the last."""
        codes = []
        for cell in cells:
            with suppress(SyntaxError):  # of one before, which is judged by itself
                codes.append(self._read(cell).code)
        # The cells before take their time, too.
        student.give_time(2 * self._time_limit if len(codes) > 1 else self._time_limit)
        return student.test(codes)

    def _explain(self, breach: Breach) -> str:
        explanations = {
            Verdict.TIMEOUT: f"no result within {self._time_limit:.0f} seconds",
            Verdict.CRASHED: "the answer ended its process",
            Verdict.REFUSED: "the answer disturbed its grading",
        }
        return explanations[verdict_on(breach)]

    def _bind(self, student: StudentLink) -> None:
        """Bring the names that answers should define up to date."""
        student.given = self.given
        # All go first: a name that is missing now must not stand for what it was before.
        for name in self._names:
            self._shell.user_ns.pop(name, None)

        found = student.get(self._names)
        self._shell.user_ns |= found.values
        # One that is merely missing needs no further cause: the test's `NameError` names it.
        refused = {n: error for n, error in found.errors.items() if not isinstance(error, Missing)}
        self._refused = {name: _fault_of(name, error) for name, error in refused.items()}

    def _read(self, cell: Cell) -> _Tests:
        """Return the tests of a cell; raises `SyntaxError` where it is no code."""
        if cell not in self._tests:
            self._tests[cell] = self._compile(cell)
        return self._tests[cell]

    def _compile(self, cell: Cell) -> _Tests:
        source = HARMLESS_MAGIC.sub("#", cell.source)
        file = FILE.format(cell.name)
        found = read_assertions(self._shell.transform_cell(source), file)
        code = compile(found.tree, file, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return _Tests(found, code)


def _fault_of(name: str, error: Exception) -> Failure:
    """Return what a student is told of a value that the tests cannot have."""
    if isinstance(error, Refused):
        return Failure(0, Verdict.REFUSED, f"{name} {error}")
    message = f"{name} cannot be looked at: {type(error).__name__}: {error}"
    return Failure(0, Verdict.ERROR, printable(message))


def verdict_on(breach: Breach) -> Verdict:
    """Return what a breach says of the answer that was called."""
    if isinstance(breach, Late):
        return Verdict.TIMEOUT
    return Verdict.CRASHED if isinstance(breach, Gone) else Verdict.REFUSED
