"""What the `course` command shows: progress while it works, and a short table at the end."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich import progress as bars
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from course.layout import Course, notebook

if TYPE_CHECKING:  # these import slowly, and the command line wants to be quick
    from course.build import Difference
    from course.checks import Problem
    from course.execute import Event, NotebookRun
    from course.grading.classroom import ClassReport, Progress
    from course.grading.model.results import QuestionResult, SubmissionResult
    from course.proof.proofs import Proof


def console() -> Console:
    """Return where to print: wide enough for whole paths where the output is not a terminal."""
    plain = Console(emoji=False, highlight=False)
    return plain if plain.is_terminal else Console(emoji=False, highlight=False, width=160)


def say(text: str) -> None:
    """Print a line of markup, never broken, so that a path in it can be copied."""
    console().print(text, soft_wrap=True)


def warn(text: str) -> None:
    """Print a warning on stderr, where it is in the way of no JSON."""
    screen = Console(stderr=True, emoji=False, highlight=False)
    screen.print(f"[yellow]{escape(text)}[/]", soft_wrap=True)


def progress(*columns: ProgressColumn) -> bars.Progress:
    """Return progress bars that only a terminal shows, and that are gone at the end."""
    # What is being worked on may be named by the user: it is never markup.
    description = TextColumn("{task.description}", markup=False)
    screen = console()
    return bars.Progress(
        *(description, *columns, TimeElapsedColumn()),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something is being done, and for how long."""
    with progress(BarColumn(pulse_style="cyan")) as bar:
        bar.add_task(text, total=None)
        yield


def built(course: Course, differences: "list[Difference]") -> None:
    """Say which generated files were out of date."""
    for difference in differences:
        verb = "removed" if difference.kind == "unexpected" else "written"
        say(f"{verb} {escape(str(difference.path))}")
    state = f"{len(differences)} file(s) brought up to date" if differences else "all up to date"
    say(f"[green]✔[/] release/ and solutions/: {state}")


def checked(course: Course, problems: "list[Problem]") -> None:
    """List what is wrong, a line each."""
    for problem in problems:
        say(f"[red]✘[/] {escape(str(problem))}")
    verdict = f"[red]{len(problems)} problem(s)[/]" if problems else "[green]✔[/] nothing wrong"
    say(f"{verdict} in {len(course.lessons)} lesson(s)")


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


class _Rate(ProgressColumn):
    """Show how many are done in a minute."""

    def render(self, task: Task) -> Text:
        """Return the rate, when there is one."""
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "")


class GradingProgress:
    """A bar over the submissions of a class, and a line for each that is done unless `quiet`."""

    def __init__(self, lesson: str, *, quiet: bool = False) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(compact=True))
        self.progress = progress(*columns)
        self.progress.disable |= quiet
        self.quiet = quiet
        self.bar = self.progress.add_task(f"Grading {lesson}", total=None)

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.progress.stop()

    def update(self, step: "Progress") -> None:
        """Draw that one more submission is done."""
        self.progress.update(self.bar, advance=1, total=step.total)
        result = step.result
        points = result.problem or f"{result.score:g} of {result.max_score:g} points"
        if result.open_points:
            points += f", {result.open_points:g} more to be decided on by a person"
        if not self.quiet and not step.known:
            self.progress.print(f"  {escape(result.student)}: {escape(points)}")


def graded(report: "ClassReport") -> None:
    """Show the class as a table, then what needs a person, then where the records lie."""
    questions = [question.question for result in report.graded[:1] for question in result.questions]
    table = Table("student", "score", *map(escape, questions))
    for result in report.results:
        table.add_row(escape(result.student), *_points(result))
    console().print(table)
    if report.known:
        say(f"{len(report.known)} of {len(report.results)} had not changed since they were graded")
    places = report.destinations
    say(escape(f"grades: {relative(places.grades)}; feedback: {relative(places.feedback)}"))
    _warn_of(report)
    if report.problems:
        say(f"[yellow]{len(report.problems)} submission(s) need a person:[/]")
    for result in report.problems:
        say(f"  {escape(result.student)}: {escape(result.problem or '')}")


def _warn_of(report: "ClassReport") -> None:
    """Say what the instructor should mend, and what is left to do."""
    for line in report.warnings:
        warn(line)
    if report.by_hand:
        warn(
            f"to be marked by a person: {', '.join(report.by_hand)}; their tests cannot be run "
            "apart from the answers (--beside runs them there, where points can be forged)"
        )


def graded_as_json(report: "ClassReport") -> None:
    """Print the same for programs; warnings go to stderr."""
    _warn_of(report)
    rows = [
        {
            "student": result.student,
            "score": None if result.problem or result.open_points else result.score,
            "max_score": None if result.problem else result.max_score,
            "problem": result.problem,
            "known": result.student in report.known,
            "questions": {each.question: _as_json(each) for each in result.questions},
        }
        for result in report.results
    ]
    print(json.dumps(rows, indent=1))


def _as_json(question: "QuestionResult") -> dict[str, object]:
    return {
        "score": None if question.is_open else question.score,
        "max_score": question.max_score,
        "verdict": question.verdict,
        "ran_beside": question.ran_beside,
    }


def _points(result: "SubmissionResult") -> Iterable[str]:
    if result.problem:
        return ("[yellow]not graded[/]",)
    scores = (f"{_score(question)}/{question.max_score:g}" for question in result.questions)
    more = "+?" if result.open_points else ""
    return (f"{result.score:g}{more}/{result.max_score:g}", *scores)


def _score(question: "QuestionResult") -> str:
    return "?" if question.is_open else f"{question.score:g}"


def proven(proofs: "list[Proof]") -> None:
    """Show how every exercise's answers fared, then what is wrong, a line each."""
    headings = ("right accepted", "wrong rejected", "only hidden tests catch")
    table = Table("lesson", "exercise", *headings)
    for proof in proofs:
        accepted = f"{proof.right_accepted} of {len(proof.right)}"
        rejected = f"{proof.wrong_rejected} of {len(proof.wrong)}"
        hidden = ", ".join(proof.only_hidden)
        table.add_row(*map(escape, (proof.lesson, proof.exercise, accepted, rejected, hidden)))
    console().print(table)
    for proof in proofs:
        for fault in proof.faults:
            say(f"[red]✘[/] {escape(fault)}")
    unproven = sum(bool(proof.faults) for proof in proofs)
    verdict = f"[red]{unproven} not proven[/]" if unproven else "[green]✔[/] all proven"
    say(f"{verdict}: {len(proofs)} exercise(s)")


def proven_as_json(proofs: "list[Proof]") -> None:
    """Print the same for programs; what is wrong goes to stderr."""
    rows = [
        {
            "exercise": proof.exercise,
            "right": len(proof.right),
            "right_accepted": proof.right_accepted,
            "wrong": len(proof.wrong),
            "wrong_rejected": proof.wrong_rejected,
            "only_hidden": proof.only_hidden,
        }
        for proof in proofs
    ]
    print(json.dumps(rows, indent=1))
    for fault in (fault for proof in proofs for fault in proof.faults):
        print(fault, file=sys.stderr)


def sampled(folder: Path, written: "list[Path]") -> None:
    """Say how many submissions there are, and what to do with them."""
    place = escape(relative(folder))
    say(f"{len(written)} submissions; to grade them: course grade LESSON --submitted {place}")


def summary(course: Course) -> None:
    """Show a table of what there is to open; of grades, the class's own or else the sample's."""
    table = Table("lesson", "what", "open")
    graded = (course.root, course.root / "build" / "grading")
    for lesson in course.lessons:
        rows = {
            "student version": [notebook(course.release, lesson)],
            "executed solution": [course.executed / f"{lesson}.html"],
            "grades": [folder / "grades" / f"{lesson}.csv" for folder in graded],
        }
        for what, paths in rows.items():
            table.add_row(escape(lesson), what, _place(*paths))
    table.add_row("all", "feedback", _place(course.feedback, graded[1] / "feedback"))
    table.add_row("all", "report on the run", _place(course.executed / "index.html"))
    console().print(table)


def _place(*paths: Path) -> str:
    """Return the first of `paths` that is there."""
    found = next((path for path in paths if path.exists()), None)
    return escape(relative(found)) if found else "not made yet"


def relative(path: Path) -> str:
    """Return `path` as one would type it here."""
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
