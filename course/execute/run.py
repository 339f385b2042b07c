"""Run the lessons of a course, or any other notebooks."""

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat

from course.cores import count_cores, thread_limits
from course.execute.device import choose_device
from course.execute.plan import (
    KINDS,
    NotebookTask,
    RunOptions,
    Setting,
    check_kernel,
    choose_jobs,
    plan,
)
from course.execute.results import NotebookRun, RunFailure
from course.execute.side_by_side import OnProgress, run_side_by_side
from course.layout import Course
from course.notebooks import read


def run_notebooks(
    course: Course, options: RunOptions, on_progress: OnProgress | None = None
) -> list[NotebookRun]:
    """Run the solution and the student version of every lesson in `options.only`, or of all.

    The executed notebooks lie where `executed_notebook` says, also those that failed. Returns the
    runs by lesson, the solution first. Raises `CourseError`, before anything runs, when a notebook,
    a parameter, the kernel or the device is not there.
    """
    tasks = plan(course, options)
    check_kernel(options.kernel)
    device = choose_device(options.device)
    jobs = choose_jobs(options.jobs, len(tasks))
    # A student version must not believe that it is graded, wherever this was started.
    own = {key: value for key, value in os.environ.items() if key != "NBGRADER_EXECUTION"}
    environment = own | thread_limits(jobs)

    def setting(task: NotebookTask) -> Setting:
        # In a solution, a failed test raises.
        more = {"NBGRADER_EXECUTION": "validate"} if task.kind == "solution" else {}
        return Setting(
            environment=environment | more,
            device=device.label,
            parameters={**options.parameters, "device": device.name},
            timeout=options.timeout,
            kernel=options.kernel,
        )

    settings = {task: setting(task) for task in tasks}
    runs = run_side_by_side(settings, jobs, on_progress or (lambda event: None))
    # They come in the order in which they end.
    return sorted(runs, key=lambda run: (run.lesson, KINDS.index(run.kind)))


@dataclass(frozen=True)
class ExecutedCopy:
    """Hold a copy of a notebook with its outputs, as far as it came, and what stopped it."""

    nb: Any
    failure: RunFailure | None


def execute_copies(
    notebooks: Iterable[tuple[Any, Mapping[str, str]]], *, jobs: int | None = None
) -> list[ExecutedCopy]:
    """Run copies of notebooks, each in its environment, and return them in the same order.

    Each runs in an empty folder, on the device and with the parameters that it names itself.
    """
    with TemporaryDirectory(prefix="course-execute-") as folder:
        # Each in a folder of its own, whose number stands for the lesson's name.
        settings = {
            _copy_task(nb, Path(folder, str(number))): Setting(environment)
            for number, (nb, environment) in enumerate(notebooks)
        }
        threads = min(jobs or count_cores(), len(settings))
        runs = run_side_by_side(settings, threads, lambda _: None)
        failures = {run.lesson: run.failure for run in runs}
        return [ExecutedCopy(_executed(task), failures[task.lesson]) for task in settings]


def _copy_task(nb: Any, folder: Path) -> NotebookTask:
    """Return the task to run a copy of `nb`, which is written to `folder`."""
    folder.mkdir()
    source = folder / "notebook.ipynb"
    nbformat.write(deepcopy(nb), source)
    return NotebookTask(folder.name, "solution", source, folder / "executed.ipynb", len(nb.cells))


def _executed(task: NotebookTask) -> Any:
    """Return the executed notebook without what papermill adds, or the source if there is none."""
    return read(task.target if task.target.exists() else task.source)
