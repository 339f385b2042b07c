"""What `course build` and `course check` found."""

from typing import TYPE_CHECKING

from rich.markup import escape

from course.display.console import say
from course.layout import Course

if TYPE_CHECKING:  # slow to import, and the command line wants to be quick
    from course.build import Difference
    from course.checks import Problem


def built(differences: "list[Difference]") -> None:
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
