"""Run a test cell and note what it finds, in whichever process it is run.

That is the referee process, where stand-ins call the answers. Only where an instructor has allowed
it, it is the student process: what is noted there is what the student's code lets be noted.
"""

import asyncio
import inspect
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from traceback import walk_stack
from types import CodeType
from typing import Any

from course.grading.border.breach import Breach, exactly
from course.grading.border.raised import describe_error, read_error

# What a rewritten test cell calls (`asserts`).
FAILED, HOLDS, CREDIT, RAISING = "__failed__", "__holds__", "__credit__", "__raising__"
FILE = "<tests of {}>"
MAX_TOLD = 50  # failures with a message


@dataclass(frozen=True)
class Stop:
    """Hold the error that has ended a test cell in `line`, or 0 for a cell inside of a magic."""

    line: int
    error: BaseException


@dataclass
class Raising:
    """Count how many blocks the cell is in that may catch an `AssertionError`, or expect one."""

    depth: int = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1


@dataclass
class Notes:
    """Hold the lines of the asserts of one test cell that were reached, and that did not hold.

    Of the latter, some have `failed`, while the cell went on, and others have `raised` an error, as
    the cell itself may catch it. They have their message, if there is one. `credit` is the number
    that the cell ends with. An assert of a function from another test cell counts for the line that
    has led to it.
    """

    file: str = ""  # as which the cell was compiled
    reached: set[int] = field(default_factory=set)
    failed: dict[int, str | None] = field(default_factory=dict)
    raised: dict[int, str | None] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    credit: float | None = None
    raising: Raising = field(default_factory=Raising)

    def hold(self, file: str, line: int, value: object) -> bool:
        """Note that an assert in `file` is reached, and return whether it holds."""
        if file == self.file:
            self.reached.add(line)
        return bool(value)

    def fail(self, file: str, line: int, message: object = None) -> None:
        """Note that an assert in `file` does not hold, once for each line.

        Raises `AssertionError` where the cell may catch it: what it does then is up to it.
        """
        line = line if file == self.file else self._line_here()
        noted = self.raised if self.raising.depth else self.failed
        if line not in noted:
            is_told = message is not None and len(noted) < MAX_TOLD
            noted[line] = str(message) if is_told else None
        if self.raising.depth:
            raise AssertionError(*([] if message is None else [message]))

    def end_with(self, value: object) -> None:
        """Note the value of the cell's last line, if it is a number as nbgrader sees it."""
        if value is None:
            self.credit = None
            return
        # nbgrader reads the number in the text that stands below the cell, which is the `repr`.
        with suppress(ValueError):
            number = float(repr(value))
            # NaN is neither too many points nor too few, whatever it is compared with.
            self.credit = 0.0 if math.isnan(number) else number

    def _line_here(self) -> int:
        """Return the line of this cell that has led to the assert of another one, or 0."""
        frames = walk_stack(None)
        lines = (line for frame, line in frames if frame.f_code.co_filename == self.file)
        return next(lines, 0)


def run_tests(shell: Any, code: CodeType, notes: Notes) -> None:
    """Run a test cell among the names of `shell`; what it prints is dropped.

    An error ends up in the notes, unless it is no `Exception`.
    """
    notes.file = code.co_filename
    names = {HOLDS: notes.hold, FAILED: notes.fail, CREDIT: notes.end_with, RAISING: notes.raising}
    shell.user_ns |= names

    try:
        with redirect_stdout(StringIO()), _heeding(shell, notes):
            outcome = eval(code, shell.user_ns)
            if inspect.iscoroutine(outcome):  # of a cell with an `await` outside of functions
                asyncio.run(outcome)
    except Exception as error:  # noqa: BLE001 - of the test's or of the student's code
        notes.stops.append(Stop(line_of(error), error))


def describe_notes(notes: Notes) -> dict[str, Any]:
    """Return notes as plain data."""
    return {
        "reached": sorted(notes.reached),
        "failed": [[line, message] for line, message in notes.failed.items()],
        "raised": [[line, message] for line, message in notes.raised.items()],
        "stops": [{"line": stop.line} | describe_error(stop.error) for stop in notes.stops],
        "credit": notes.credit,
    }


def read_notes(described: object) -> Notes:
    """Return the notes that were described; raises `Breach` where those are none."""
    notes = Notes()
    found = exactly(described, dict)
    notes.reached = {exactly(line, int) for line in exactly(found.get("reached"), list)}

    notes.failed = _read_lines(found.get("failed"))
    notes.raised = _read_lines(found.get("raised"))

    # No more than could be told of, as whoever describes them may make up any number.
    for described_stop in exactly(found.get("stops"), list)[:MAX_TOLD]:
        stop = exactly(described_stop, dict)
        notes.stops.append(Stop(exactly(stop.get("line"), int), read_error(stop)))

    credit = found.get("credit")
    if credit is not None:
        notes.end_with(exactly(credit, float))
    return notes


def _read_lines(described: object) -> dict[int, str | None]:
    """Return the messages of asserts by their lines, no more of them than could be told of."""
    lines: dict[int, str | None] = {}
    for failure in exactly(described, list):
        if type(failure) is not list or len(failure) != 2:
            raise Breach("a failure without a line and a message")
        line, message = exactly(failure[0], int), failure[1]
        text = None if message is None else exactly(message, str)
        lines.setdefault(line, text if len(lines) < MAX_TOLD else None)
    return lines


def line_of(error: BaseException) -> int:
    """Return the line of the test cell in which `error` arose, or 0."""
    beginning = FILE.partition("{")[0]
    trace = error.__traceback__
    while trace:
        # The outermost counts: further in may be a function that another test cell has defined.
        if trace.tb_frame.f_code.co_filename.startswith(beginning) and trace.tb_lineno:
            return trace.tb_lineno
        trace = trace.tb_next
    return 0


@contextmanager
def _heeding(shell: Any, notes: Notes) -> Iterator[None]:
    """Note errors that the shell would only show, such as those of a cell inside of a magic."""

    def show(*_: object, **__: object) -> None:
        if error := sys.exception():
            notes.stops.append(Stop(0, error))

    showing, shell.showtraceback = shell.showtraceback, show
    try:
        yield
    finally:
        shell.showtraceback = showing
