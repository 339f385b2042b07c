"""What is to be run, and how; what cannot be run is refused here, before anything has begun."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import papermill
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

from course.cores import count_cores
from course.errors import CourseError
from course.layout import Course, notebook
from course.notebooks import read, tags

Kind = Literal["solution", "release"]
KINDS: tuple[Kind, ...] = ("solution", "release")
CELL_TIMEOUT = 600.0  # seconds


@dataclass(frozen=True)
class RunOptions:
    """Say which notebooks to run, and how.

    `device` is `auto`, `cpu`, `cuda` or `cuda:N`; `timeout` is in seconds a cell, None for no
    limit; `jobs` is how many notebooks run at once, by default one a processor core.
    """

    device: str = "auto"
    only: list[str] | None = None
    jobs: int | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout: float | None = CELL_TIMEOUT
    kernel: str = "python3"


@dataclass(frozen=True)
class NotebookTask:
    """Name a notebook to run and where the executed copy goes; `cells` is how many it has then."""

    lesson: str
    kind: Kind
    source: Path
    target: Path
    cells: int

    @property
    def unfinished(self) -> Path:
        """Return the file that papermill writes to until the run is over."""
        return self.target.with_name(f".unfinished.{self.target.name}")


@dataclass(frozen=True)
class Setting:
    """Say how a notebook is run: `device` is for people, `parameters` go into the notebook."""

    environment: Mapping[str, str]
    device: str = "auto"
    parameters: Mapping[str, object] = field(default_factory=dict)
    timeout: float | None = CELL_TIMEOUT
    kernel: str = "python3"


def plan(course: Course, options: RunOptions) -> list[NotebookTask]:
    """List what to run: solutions first, as they take longest; raises `CourseError`."""
    folders = {"solution": course.solutions, "release": course.release}
    wanted = {"device", *options.parameters}
    tasks = []
    for kind in KINDS:
        for lesson in course.select(options.only):
            source = notebook(folders[kind], lesson)
            check_parameters(source, wanted)
            target = executed_notebook(course, lesson, kind)
            cells = len(read(source).cells) + 1  # papermill adds one with the parameters
            tasks.append(NotebookTask(lesson, kind, source.resolve(), target.resolve(), cells))
    return tasks


def executed_notebook(course: Course, lesson: str, kind: Kind) -> Path:
    """Return where the executed copy of a lesson's solution or student version is kept."""
    folder = course.executed if kind == "solution" else course.executed / kind
    return folder / f"{lesson}.ipynb"


def check_parameters(path: Path, wanted: set[str]) -> None:
    """Raise `CourseError` unless the notebook's `parameters` cell defines all of `wanted`."""
    if not any("parameters" in tags(cell) for cell in read(path).cells):
        raise CourseError(f"{path}: no cell is tagged `parameters`; tag the one in the master")
    # papermill would add a name that nothing reads, and the notebook would run as ever.
    defined = papermill.inspect_notebook(str(path))
    unknown = sorted(wanted - set(defined))
    if unknown:
        raise CourseError(
            f"{path}: the `parameters` cell does not define {', '.join(unknown)}, "
            f"only {', '.join(defined)}; add it to the master's cell or correct the name"
        )


def check_kernel(name: str) -> None:
    """Raise `CourseError` unless Jupyter knows the kernel `name`."""
    try:
        KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel as error:
        raise CourseError(
            f"kernel {name}: Jupyter does not know it; use one that `jupyter kernelspec list` names"
        ) from error


def choose_jobs(wanted: int | None, tasks: int) -> int:
    """Return how many notebooks to run at once; raises `CourseError` when `wanted` is below 1."""
    if wanted is not None and wanted < 1:
        raise CourseError(f"jobs {wanted}: nothing would ever run; use 1 or more")
    return min(wanted or count_cores(), tasks)
