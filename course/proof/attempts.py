"""A lesson executed up to each of its exercises, where answers are tried out and forgotten.

The lesson runs in this process, as nbgrader would run it. Each answer is tried in a forked child,
so that nothing an answer does is there for the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from traceback import walk_tb
from typing import Any, Literal

from course.checks.masters import Master
from course.errors import CourseError
from course.grading.border.shell import make_shell
from course.notebooks import BEGIN_HIDDEN, END_HIDDEN, grading, is_answer, is_test, line_in_region
from course.proof.answers import Answer

TIME_LIMIT = 120.0  # seconds for an answer and its tests

Catcher = Literal["nothing", "visible tests", "hidden tests"]


@dataclass(frozen=True)
class Trial:
    """Say which tests an answer fails, if any, and what its author is then told."""

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


def try_answers(master: Master, answers: dict[str, list[Answer]]) -> Iterator[list[Trial]]:
    """Execute `master` and yield the trials of all `answers` to each of its exercises in turn.

    Raises `CourseError` when a cell of the master itself fails.
    """
    kernel = _Kernel()
    tests = {grading(cell)["grade_id"]: cell.source for cell in master.cells if is_test(cell)}
    for cell in master.cells:
        if is_answer(cell):
            name = grading(cell)["grade_id"]
            yield [_try_apart(kernel, answer, tests[f"test_{name}"]) for answer in answers[name]]
        if cell.cell_type == "code" and not is_test(cell) and (failure := kernel.run(cell.source)):
            raise CourseError(
                f"{master.file}: cell `{cell.id}` fails when solved ({failure.message})"
            )


@dataclass(frozen=True)
class _Failure:
    """Say what stopped a cell, and in which of its lines; 0 if in none."""

    message: str
    line: int


class _Kernel:
    """Run cells one after another in this process, with IPython's magics and `display`."""

    def __init__(self) -> None:
        self.shell = make_shell()

    def run(self, source: str) -> _Failure | None:
        """Run a cell and return what it failed with, if so."""
        result = self.shell.run_cell(source, silent=True)
        error = result.error_before_exec or result.error_in_exec
        if error is None:
            return None
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        frames = walk_tb(error.__traceback__)
        lines = (line for frame, line in frames if frame.f_code.co_name == "<module>")
        return _Failure(f"{kind}{error}", next(lines, 0))


def _try_apart(kernel: _Kernel, answer: Answer, tests: str) -> Trial:
    """Try `answer` in a child process, which counts as the visible tests' catch if it dies."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_report, args=(sender, kernel, answer, tests))
    child.start()
    sender.close()
    try:
        if not receiver.poll(TIME_LIMIT):
            return Trial(answer, "visible tests", f"no end within {TIME_LIMIT:.0f} s")
        caught_by, message = receiver.recv()
        return Trial(answer, caught_by, message)
    except EOFError:
        return Trial(answer, "visible tests", "the process died")
    finally:
        child.kill()
        child.join()


def _report(sender: Any, kernel: _Kernel, answer: Answer, tests: str) -> None:
    kernel.run(answer.source)  # should it fail, the tests will not find the name
    failure = kernel.run(tests)
    if failure is None:
        sender.send(("nothing", ""))
    elif line_in_region(tests, failure.line, BEGIN_HIDDEN, END_HIDDEN):
        sender.send(("hidden tests", failure.message))
    else:
        sender.send(("visible tests", failure.message))
