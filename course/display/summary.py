"""What there is to open."""

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from course.display.console import console, relative
from course.layout import Course, notebook


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
