"""What happens to a notebook while it is run."""

from dataclasses import dataclass

from course.execute.plan import NotebookTask
from course.execute.results import NotebookRun


@dataclass(frozen=True)
class Started:
    """Tell that a notebook has got its process."""

    task: NotebookTask


@dataclass(frozen=True)
class Progressed:
    """Tell that `cells` of the notebook's `task.cells` are done."""

    task: NotebookTask
    cells: int


@dataclass(frozen=True)
class Retried:
    """Tell that the kernel died while starting, for the `attempt`-th time, and starts again."""

    task: NotebookTask
    attempt: int
    reason: str


@dataclass(frozen=True)
class Finished:
    """Tell that a notebook is through, well or badly."""

    task: NotebookTask
    run: NotebookRun


Event = Started | Progressed | Retried | Finished
