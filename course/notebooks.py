"""Read notebooks, and tell what their cells are for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course.errors import CourseError

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
BEGIN_MARK, END_MARK = "### BEGIN MARK SCHEME", "### END MARK SCHEME"


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


def region(source: str, begin: str, end: str) -> Iterator[str]:
    """Yield the lines of `source` between each line with `begin` and the next with `end`."""
    for line, place in _places(source, begin, end):
        if place == "inside":
            yield line


def without_region(source: str, begin: str, end: str) -> str:
    """Return `source` without the lines between one with `begin` and the next with `end`."""
    return "\n".join(line for line, place in _places(source, begin, end) if place == "outside")


def line_in_region(source: str, number: int, begin: str, end: str) -> bool:
    """Tell whether line `number`, from 1 on, is between one with `begin` and one with `end`."""
    places = enumerate(_places(source, begin, end), start=1)
    return any(number == at and place == "inside" for at, (_, place) in places)


def _places(source: str, begin: str, end: str) -> Iterator[tuple[str, str]]:
    """Yield each line, and whether it stands inside or outside of a region or is its edge."""
    inside = False
    for line in source.removesuffix("\n").split("\n"):  # as Python counts lines
        if begin in line or end in line:
            inside = begin in line
            yield line, "edge"
        else:
            yield line, "inside" if inside else "outside"
