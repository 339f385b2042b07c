"""How far `course grade` is, and what the class got."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from course.display.console import console, progress, relative, say, warn

if TYPE_CHECKING:  # slow to import, and the command line wants to be quick
    from course.grading.classroom import ClassReport, Progress
    from course.grading.model.results import QuestionResult, SubmissionResult


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
    # All who were graded have the same questions, those of the master.
    first = report.graded[0].questions if report.graded else ()
    table = Table("student", "score", *(escape(question.question) for question in first))
    for result in report.results:
        table.add_row(escape(result.student), *_points(result))
    console().print(table)
    if report.known:
        say(f"{len(report.known)} of {len(report.results)} had not changed since they were graded")
    written = report.destinations
    say(escape(f"grades: {relative(written.grades)}; feedback: {relative(written.feedback)}"))
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
    rows = [_as_json(result, known=result.student in report.known) for result in report.results]
    print(json.dumps(rows, indent=1))


def _as_json(result: "SubmissionResult", *, known: bool) -> dict[str, object]:
    # Where points are open the score is none yet: a program would take 0 for what is lost.
    return {
        "student": result.student,
        "score": None if result.problem or result.open_points else result.score,
        "max_score": None if result.problem else result.max_score,
        "problem": result.problem,
        "known": known,
        "questions": {each.question: _question_as_json(each) for each in result.questions},
    }


def _question_as_json(question: "QuestionResult") -> dict[str, object]:
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
