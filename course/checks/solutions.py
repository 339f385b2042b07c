"""The solutions pass their own tests, hidden ones included, and print what the lessons promise."""

import os
from collections.abc import Iterator
from typing import Any

from course.checks.conventions import fenced_blocks
from course.checks.expectations import agree
from course.checks.masters import Master
from course.checks.problems import Problem
from course.cores import count_cores, thread_limits
from course.execute import ExecutedCopy, execute_copies
from course.layout import Course


def check_solutions(course: Course, masters: list[Master]) -> list[Problem]:
    """Run every master in a kernel; return the cells that fail and the promises not kept."""
    jobs = max(1, min(len(masters), count_cores()))
    environment = _environment(course, jobs=jobs)
    solved = execute_copies([(master.nb, environment) for master in masters], jobs=jobs)
    problems: list[Problem] = []
    for master, copy in zip(masters, solved, strict=True):
        problems += _check_master(master, copy)
    return problems


def _environment(course: Course, *, jobs: int) -> dict[str, str]:
    path = [str(course.root.resolve()), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        # A failed check raises instead of showing a card, and demonstrations are short.
        "NBGRADER_EXECUTION": "autograde",
        # `helpers` of this course, whichever one is installed.
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        **thread_limits(jobs),
    }


def _check_master(master: Master, solved: ExecutedCopy) -> Iterator[Problem]:
    failure = solved.failure
    if failure and failure.cell_id:
        message = f"cell `{failure.cell_id}` fails when solved ({failure.reason})"
        yield Problem(master.file, message, "mend the solution or the test")
    elif failure:
        message = f"its kernel does not start ({failure.reason})"
        yield Problem(master.file, message, "run `make`, then try again")
    else:
        yield from _broken_promises(master, {cell.id: cell for cell in solved.nb.cells})


def _broken_promises(master: Master, solved: dict[str, Any]) -> Iterator[Problem]:
    """Yield each `expected-<x>` cell that shows something else than `try-<x>` prints."""
    for cell in master.cells:
        prefix, _, name = cell.id.partition("-")
        blocks = fenced_blocks(cell)
        if prefix != "expected" or len(blocks) != 1 or f"try-{name}" not in solved:
            continue
        printed = _stdout(solved[f"try-{name}"])
        if not agree(blocks[0], printed):
            message = f"promises {blocks[0].strip()!r}, but `try-{name}` prints {printed.strip()!r}"
            yield master.problem(cell, message, "mend the text, or the code if that is wrong")


def _stdout(cell: Any) -> str:
    streams = (output for output in cell.get("outputs", []) if output.output_type == "stream")
    return "".join(stream.text for stream in streams if stream.name == "stdout")
