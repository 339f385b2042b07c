"""What the `course` command shows: progress while it works, and a short table at the end."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from course.layout import Course, notebook

if TYPE_CHECKING:  # these import slowly, and the command line wants to be quick
    from course.build import Difference
    from course.checks import Problem
    from course.execute import Event, NotebookRun
    from course.grading.classroom import ClassReport
    from course.grading.results import SubmissionResult


def console() -> Console:
    """Return where to print: wide enough for whole paths where the output is not a terminal."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=160)


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something is being done, and for how long."""
    columns = (TextColumn("{task.description}"), BarColumn(pulse_style="cyan"), TimeElapsedColumn())
    with Progress(*columns, console=console(), transient=True) as progress:
        progress.add_task(text, total=None)
        yield


def built(course: Course, differences: "list[Difference]") -> None:
    """Say which generated files were out of date."""
    for difference in differences:
        verb = "removed" if difference.kind == "unexpected" else "written"
        console().print(f"{verb} {difference.path}", highlight=False)
    state = f"{len(differences)} file(s) brought up to date" if differences else "all up to date"
    console().print(f"[green]✔[/] release/ and solutions/: {state}", highlight=False)


def checked(course: Course, problems: "list[Problem]") -> None:
    """List what is wrong, a line each."""
    for problem in problems:
        console().print(f"[red]✘[/] {escape(str(problem))}", highlight=False, soft_wrap=True)
    verdict = f"[red]{len(problems)} problem(s)[/]" if problems else "[green]✔[/] nothing wrong"
    console().print(f"{verdict} in {len(course.lessons)} lesson(s)", highlight=False)


class RunProgress:
    """A bar for each notebook that is being executed, and a line for each that is through."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self.progress = Progress(*columns, TimeElapsedColumn(), console=console(), transient=True)
        self.bars: dict[Any, Any] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def update(self, event: "Event") -> None:
        """Draw what has happened to a notebook."""
        from course.execute import Finished, Progressed, Retried, Started

        name = f"{event.task.lesson} ({event.task.kind})"
        if isinstance(event, Started):
            self.bars[event.task] = self.progress.add_task(name, total=event.task.cells)
            self.progress.print(f"  {name}: executing {event.task.cells} cells")
        elif isinstance(event, Progressed):
            self.progress.update(self.bars[event.task], completed=event.cells)
        elif isinstance(event, Retried):
            self.progress.print(f"[yellow]![/] {name}: its kernel died while starting; retrying")
        elif isinstance(event, Finished):
            self.progress.remove_task(self.bars.pop(event.task))
            mark = "[green]✔[/]" if event.run.passed else "[red]✘[/]"
            self.progress.print(f"{mark} {name}: {event.run.seconds:.1f} s")


def executed(runs: "list[NotebookRun]", report: Path) -> None:
    """Show every failing cell with its traceback, then where the report lies."""
    for run in runs:
        if run.failure:
            place = f"{run.failure.notebook}, cell {run.failure.cell_id or '(none had started)'}"
            console().print(f"[red]✘ {escape(place)}[/]", highlight=False, soft_wrap=True)
            console().print(escape(run.failure.traceback), highlight=False, soft_wrap=True)
    passed = sum(run.passed for run in runs)
    console().print(f"{passed} of {len(runs)} notebooks ran; report: {relative(report)}")


class GradingProgress:
    """A bar over the submissions of a class."""

    def __init__(self, lesson: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self.progress = Progress(*columns, TimeElapsedColumn(), console=console(), transient=True)
        self.bar = self.progress.add_task(f"Grading {lesson}", total=None)

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def update(self, result: "SubmissionResult", total: int) -> None:
        """Draw that one more submission of `total` is done."""
        self.progress.update(self.bar, advance=1, total=total)
        points = result.problem or f"{result.score:g} of {result.max_score:g} points"
        self.progress.print(f"  {escape(result.student)}: {escape(points)}", highlight=False)


def graded(report: "ClassReport") -> None:
    """Show the class as a table, then what needs a person, then where the records lie."""
    questions = [question.question for result in report.graded[:1] for question in result.questions]
    table = Table("student", "score", *questions)
    for result in report.results:
        table.add_row(escape(result.student), *_points(result))
    console().print(table)
    console().print(f"grades: {relative(report.grades)}; feedback: {relative(report.feedback)}")
    if report.problems:
        console().print(f"[yellow]{len(report.problems)} submission(s) need a person[/]")


def _points(result: "SubmissionResult") -> Iterable[str]:
    if result.problem:
        return (escape(result.problem),)
    scores = (f"{question.score:g}/{question.max_score:g}" for question in result.questions)
    return (f"{result.score:g}/{result.max_score:g}", *scores)


def summary(course: Course) -> None:
    """Show a table of what there is to open."""
    table = Table("lesson", "what", "open")
    for lesson in course.lessons:
        rows = {
            "student version": notebook(course.release, lesson),
            "executed solution": course.executed / f"{lesson}.html",
            "grades": course.grading(lesson) / "grades.csv",
            "feedback": course.grading(lesson) / "feedback",
        }
        for what, path in rows.items():
            table.add_row(lesson, what, relative(path) if path.exists() else "not made yet")
    table.add_row("all", "report on the run", relative(course.executed / "index.html"))
    console().print(table)


def relative(path: Path) -> str:
    """Return `path` as one would type it here."""
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
