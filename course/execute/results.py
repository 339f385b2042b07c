"""What is known of a notebook that was run."""

from dataclasses import dataclass
from typing import Any

from papermill.exceptions import PapermillExecutionError, strip_color
from papermill.execute import ERROR_MARKER_TAG

from course.execute.plan import Kind, NotebookTask, Setting
from course.notebooks import read, tags


@dataclass(frozen=True)
class CellRun:
    """Record how many seconds a code cell took."""

    cell_id: str
    seconds: float


@dataclass(frozen=True)
class RunFailure:
    """Say which cell of which notebook failed; `cell_id` is None when no cell had started."""

    notebook: str
    cell_id: str | None
    traceback: str
    reason: str = ""  # in one line


@dataclass(frozen=True)
class NotebookRun:
    """Record one notebook's run: `seconds` in all, and the code cells that were reached."""

    lesson: str
    kind: Kind
    device: str
    seconds: float
    attempts: int
    cells: tuple[CellRun, ...]
    failure: RunFailure | None

    @property
    def passed(self) -> bool:
        """Tell whether every cell ran without an error."""
        return self.failure is None


def started_cells(task: NotebookTask) -> list[Any]:
    """Return the code cells of the executed notebook that have started, in order."""
    if not task.unfinished.exists():
        return []
    return [
        cell
        for cell in read(task.unfinished).cells
        if cell.cell_type == "code" and cell.metadata.get("papermill", {}).get("start_time")
    ]


def summarize(
    task: NotebookTask, setting: Setting, *, seconds: float, attempts: int, error: Exception | None
) -> NotebookRun:
    """Make the record of a run from the executed notebook and what went wrong in it."""
    cells = started_cells(task)
    return NotebookRun(
        lesson=task.lesson,
        kind=task.kind,
        device=setting.device,
        seconds=seconds,
        attempts=attempts,
        cells=tuple(
            CellRun(cell.id, cell.metadata.papermill.duration or 0.0)
            for cell in cells
            if "injected-parameters" not in tags(cell)
        ),
        failure=_describe_failure(task, cells, error) if error else None,
    )


def _describe_failure(task: NotebookTask, started: list[Any], error: Exception) -> RunFailure:
    """Say in which cell `error` happened: the one it names, else the last one that started."""
    name = f"{task.source.parent.parent.name}/{task.lesson}/{task.source.name}"
    if isinstance(error, PapermillExecutionError):
        # papermill puts a cell on top that points to the error, and counts without it.
        cells = [cell for cell in read(task.unfinished).cells if ERROR_MARKER_TAG not in tags(cell)]
        cell_id = cells[error.cell_index].id
        traceback, reason = "\n".join(error.traceback), f"{error.ename}: {error.evalue}"
    else:
        cell_id = started[-1].id if started else None
        traceback = reason = str(error)
    return RunFailure(name, cell_id, strip_color(traceback), strip_color(reason).splitlines()[0])
