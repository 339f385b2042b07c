"""The solutions pass their own tests, hidden ones included, and print what the lessons promise."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from course.checks.conventions import fenced_blocks
from course.checks.expectations import agree
from course.checks.masters import Master
from course.checks.problems import Problem
from course.cores import count_cores, thread_limits
from course.layout import Course

CELL_TIMEOUT = 600  # seconds
KERNEL_STARTS = 3


@dataclass(frozen=True)
class Failure:
    """Name the cell at which a notebook stopped, none if the kernel never started, and why."""

    cell: str | None
    reason: str


def check_solutions(course: Course, masters: list[Master]) -> list[Problem]:
    """Run every master in a kernel; return the cells that fail and the promises not kept."""
    jobs = max(1, min(len(masters), count_cores()))
    environment = _environment(course, jobs=jobs)
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda master: list(_check_master(master, environment)), masters)
        return [problem for problems in found for problem in problems]


def _environment(course: Course, *, jobs: int) -> dict[str, str]:
    path = [str(course.root.resolve()), os.environ.get("PYTHONPATH", "")]
    return os.environ | {
        # A failed check raises instead of showing a card, and demonstrations are short.
        "NBGRADER_EXECUTION": "autograde",
        # `helpers` of this course, whichever one is installed.
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        **thread_limits(jobs),
    }


def _check_master(master: Master, environment: dict[str, str]) -> Iterator[Problem]:
    solved = deepcopy(master.nb)
    failure = execute(solved, environment)
    if failure and failure.cell:
        message = f"cell `{failure.cell}` fails when solved ({failure.reason})"
        yield Problem(master.file, message, "mend the solution or the test")
    elif failure:
        message = f"its kernel does not start ({failure.reason})"
        yield Problem(master.file, message, "run `make`, then try again")
    else:
        yield from _broken_promises(master, {cell.id: cell for cell in solved.cells})


def execute(nb: Any, environment: dict[str, str]) -> Failure | None:
    """Run `nb` in place in an empty folder and return what stopped it, or None."""
    started: list[str] = []
    client = NotebookClient(
        nb,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        force_raise_errors=True,
        on_cell_start=lambda cell, cell_index: started.append(cell.id),
    )
    reason = None
    for _ in range(KERNEL_STARTS):
        reason = _execute_once(client, environment)
        if reason is None or started:
            break
    if reason is None:
        return None
    return Failure(started[-1] if started else None, reason)


def _execute_once(client: NotebookClient, environment: dict[str, str]) -> str | None:
    with TemporaryDirectory(prefix="course-check-") as home, TemporaryDirectory(dir=home) as empty:
        # Nobody's start-up files, and no race to make the folder for them.
        surroundings = environment | {"IPYTHONDIR": str(Path(home, "ipython"))}
        run = client.async_execute(cwd=empty, env=surroundings, stderr=subprocess.DEVNULL)
        try:
            asyncio.run(run)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}".splitlines()[0]
        except CellTimeoutError:
            return f"it takes over {CELL_TIMEOUT} s"
        except RuntimeError as error:  # what a dying kernel raises
            return str(error)
    return None


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
