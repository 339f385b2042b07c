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

from course.grading.border.breach import exactly
from course.grading.border.raised import describe_error, read_error

# What a rewritten test cell calls (`asserts`).
FAILED, HOLDS, CREDIT = "__failed__", "__holds__", "__credit__"
FILE = "<tests of {}>"
MAX_TOLD = 50  # failures with a message


@dataclass(frozen=True)
class Stop:
    """Hold the error that has ended a test cell in `line`, or 0 for a cell inside of a magic."""

    line: int
    error: BaseException


@dataclass
class Notes:
    """Hold the lines of the asserts of one test cell that were reached, and that did not hold.

    The latter have their message, if there is one. `credit` is the number that the cell ends with.
    An assert of a function from another test cell counts for the line that has led to it.
    """

    file: str = ""  # as which the cell was compiled
    reached: set[int] = field(default_factory=set)
    failed: dict[int, str | None] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    credit: float | None = None

    def hold(self, file: str, line: int, value: object) -> bool:
        """Note that an assert in `file` is reached, and return whether it holds."""
        if file == self.file:
            self.reached.add(line)
        return bool(value)

    def fail(self, file: str, line: int, message: object = None) -> None:
        """Note that an assert in `file` does not hold, once for each line."""
        line = line if file == self.file else self._line_here()
        if line not in self.failed:
            is_told = message is not None and len(self.failed) < MAX_TOLD
            self.failed[line] = str(message) if is_told else None

    def end_with(self, value: object) -> None:
        """Note the value of the cell's last line, if it is a number as nbgrader sees it."""
        with suppress(ValueError):
            number = None if value is None else float(repr(value))
            self.credit = 0.0 if number is not None and math.isnan(number) else number

    def _line_here(self) -> int:
        frames = walk_stack(None)
        lines = (line for frame, line in frames if frame.f_code.co_filename == self.file)
        return next(lines, 0)


def run_tests(shell: Any, code: CodeType, notes: Notes) -> None:
    """Run a test cell among the names of `shell`; what it prints is dropped.

    An error ends up in the notes, unless it is no `Exception`.
    """
    notes.file = code.co_filename
    names = {HOLDS: notes.hold, FAILED: notes.fail, CREDIT: notes.end_with}
    shell.user_ns |= names
    try:
        with redirect_stdout(StringIO()), _heeding(shell, notes):
            if inspect.iscoroutine(waiting := eval(code, shell.user_ns)):
                asyncio.run(waiting)
    except Exception as error:  # noqa: BLE001 - of the test's or of the student's code
        notes.stops.append(Stop(line_of(error), error))


def describe_notes(notes: Notes) -> dict[str, Any]:
    """Return notes as plain data."""
    return {
        "reached": sorted(notes.reached),
        "failed": [[line, message] for line, message in notes.failed.items()],
        "stops": [{"line": stop.line} | describe_error(stop.error) for stop in notes.stops],
        "credit": notes.credit,
    }


def read_notes(described: object) -> Notes:
    """Return the notes that were described; raises `Breach` where those are none."""
    notes = Notes()
    found = exactly(described, dict)
    notes.reached = {exactly(line, int) for line in exactly(found.get("reached"), list)}
    for each in exactly(found.get("failed"), list):
        line, message = each if type(each) is list and len(each) == 2 else (None, None)
        text = message if message is None else exactly(message, str)
        notes.fail(notes.file, exactly(line, int), text)
    for each in exactly(found.get("stops"), list)[:MAX_TOLD]:
        stop = exactly(each, dict)
        notes.stops.append(Stop(exactly(stop.get("line"), int), read_error(stop)))
    if (credit := found.get("credit")) is not None:
        notes.end_with(exactly(credit, float))
    return notes


def line_of(error: BaseException) -> int:
    """Return the line of the test cell in which `error` arose, or 0."""
    trace, line = error.__traceback__, 0
    while trace:
        if trace.tb_frame.f_code.co_filename.startswith(FILE.partition("{")[0]):
            line = line or trace.tb_lineno
        trace = trace.tb_next
    return line


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
