"""How far `course run` is, and which notebooks failed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn

from course.display.console import progress, relative, say

if TYPE_CHECKING:  # slow to import, and the command line wants to be quick
    from course.execute import Event, NotebookRun


class RunProgress:
    """A bar for each notebook that is being executed, and a line for each that is through."""

    def __init__(self) -> None:
        self.progress = progress(BarColumn(), MofNCompleteColumn())
        self.bars: dict[Any, Any] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def update(self, event: "Event") -> None:
        """Draw what has happened to a notebook."""
        # By now it has been imported, so that this costs nothing.
        from course.execute import Finished, Progressed, Retried, Started

        name = f"{event.task.lesson} ({event.task.kind})"
        if isinstance(event, Started):
            self.bars[event.task] = self.progress.add_task(name, total=event.task.cells)
            self.progress.print(f"  {escape(name)}: executing {event.task.cells} cells")
        elif isinstance(event, Progressed):
            self.progress.update(self.bars[event.task], completed=event.cells)
        elif isinstance(event, Retried):
            self.progress.print(
                f"[yellow]![/] {escape(name)}: its kernel died while starting; retrying"
            )
        elif isinstance(event, Finished):
            self.progress.remove_task(self.bars.pop(event.task))
            mark = "[green]✔[/]" if event.run.passed else "[red]✘[/]"
            self.progress.print(f"{mark} {escape(name)}: {event.run.seconds:.1f} s")


def executed(runs: "list[NotebookRun]", report: Path) -> None:
    """Show every failing cell with its traceback, then where the report lies."""
    for run in runs:
        if run.failure:
            place = f"{run.failure.notebook}, cell {run.failure.cell_id or '(none had started)'}"
            say(f"[red]✘ {escape(place)}[/]")
            say(escape(run.failure.traceback))
    passed = sum(run.passed for run in runs)
    say(f"{passed} of {len(runs)} notebooks ran; report: {escape(relative(report))}")
