"""Read notebooks, and tell what their cells are for."""

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
BEGIN_MARK, END_MARK = "### BEGIN MARK SCHEME", "### END MARK SCHEME"


@dataclass(frozen=True)
class Marker:
    """Pair the lines around a region that is withheld from students."""

    begin: str
    end: str


@dataclass(frozen=True)
class MarkedLine:
    """Hold a line of a cell, the marker of the region `around` it, and what itself it marks."""

    text: str
    around: Marker | None
    begins: Marker | None
    ends: bool

    @property
    def is_marker(self) -> bool:
        """Tell whether the line begins or ends a region."""
        return self.ends or self.begins is not None

    @property
    def is_open(self) -> bool:
        """Tell whether the line is outside of all regions."""
        return self.around is None and not self.is_marker

    @property
    def is_withheld(self) -> bool:
        """Tell whether the line is inside of a region."""
        return self.around is not None and not self.is_marker

    @property
    def around_next(self) -> Marker | None:
        """Return the marker of the region around the next line."""
        return self.begins if self.is_marker else self.around


def read(path: Path) -> Any:
    """Return the notebook at `path` as it is; raises `CourseError` when it is not one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise CourseError(f"{path}: no such notebook; run `make build`") from error
    return parse(content, str(path))


def parse(content: bytes, name: str) -> Any:
    """Return the notebook in `content`; raises `CourseError`, which tells `name`, if it is none."""
    import nbformat  # takes seconds, and most who need this module read no notebook

    try:
        # Editors on Windows put a byte-order mark before the text. Nothing is converted, as an
        # author's or a student's notebook is looked at as it is.
        return nbformat.reads(content.decode("utf-8-sig"), as_version=nbformat.NO_CONVERT)
    except (ValueError, AttributeError, RecursionError, nbformat.ValidationError) as error:
        # ValueError: no UTF-8, no JSON or no known version of it. AttributeError: no JSON object.
        reason = str(error).splitlines()[0][:120]
        raise CourseError(f"{name}: not a notebook ({reason}); save it again") from error


def grading(cell: Any) -> dict[str, Any]:
    """Return nbgrader's metadata of `cell`, empty when it has none."""
    return dict(cell.metadata.get("nbgrader", {}))


def is_answer(cell: Any) -> bool:
    """Tell whether `cell` holds a function or value that tests grade."""
    return bool(grading(cell).get("solution")) and not grading(cell).get("grade")


def is_test(cell: Any) -> bool:
    """Tell whether `cell` holds tests that give points."""
    return bool(grading(cell).get("grade")) and not grading(cell).get("solution")


def is_discussion(cell: Any) -> bool:
    """Tell whether `cell` is a written answer that a person marks."""
    return bool(grading(cell).get("grade")) and bool(grading(cell).get("solution"))


def tags(cell: Any) -> list[str]:
    """Return the tags of `cell`."""
    return list(cell.metadata.get("tags", []))


def without_region(source: str, begin: str, end: str) -> str:
    """Return `source` without the lines between one with `begin` and the next with `end`."""
    lines = read_regions(_python_lines(source), [Marker(begin, end)])
    return "\n".join(line.text for line in lines if line.is_open)


def line_in_region(source: str, number: int, begin: str, end: str) -> bool:
    """Tell whether line `number`, from 1 on, is between one with `begin` and one with `end`."""
    lines = [*read_regions(_python_lines(source), [Marker(begin, end)])]
    return 1 <= number <= len(lines) and lines[number - 1].is_withheld


def read_regions(
    lines: Iterable[str],
    markers: Iterable[Marker],
    is_marker: Callable[[str, str], bool] = operator.contains,
) -> Iterator[MarkedLine]:
    """Yield each line with what it is to the regions of `markers`.

    By default any line with a marker in it is one, as nbgrader reads them, and any end ends the
    region, whichever began it.
    """
    markers = tuple(markers)
    around = None
    for text in lines:
        begins = next((each for each in markers if is_marker(text, each.begin)), None)
        ends = begins is None and any(is_marker(text, each.end) for each in markers)
        line = MarkedLine(text, around, begins, ends)
        yield line
        around = line.around_next


def _python_lines(source: str) -> list[str]:
    """Return the lines of `source` as Python counts them."""
    # Not `splitlines`, to which a form feed or a Unicode separator in a text ends a line, too.
    return source.removesuffix("\n").split("\n")
