"""The master notebooks as they lie on disk, for the checks to look at."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from markdown_it import MarkdownIt
from markdown_it.token import Token

from course.checks.problems import Problem
from course.layout import Course, notebook

FORMAT = (4, 5)


@dataclass(frozen=True)
class Master:
    """Hold the master notebook `nb` of `lesson` and its path relative to the course's root."""

    lesson: str
    file: Path
    nb: Any

    @property
    def cells(self) -> list[Any]:
        """Return the cells of the notebook."""
        return list(self.nb.cells)

    def problem(self, cell: Any, message: str, remedy: str) -> Problem:
        """Return a problem of this master that names `cell`."""
        return Problem(self.file, f"cell `{cell.id}` {message}", remedy)


def read_masters(course: Course) -> tuple[list[Master], list[Problem]]:
    """Return the masters that are valid notebooks, and what is wrong with the others."""
    masters, problems = [], []
    for lesson in dict.fromkeys(course.lessons):
        path = notebook(course.masters, lesson)
        file = path.relative_to(course.root)
        try:
            masters.append(Master(lesson, file, read_strictly(path)))
        except (OSError, ValueError, nbformat.ValidationError) as error:
            reason = str(error).splitlines()[0][:160]
            problems.append(Problem(file, f"not a valid notebook ({reason})", "save it again"))
    return masters, problems


def read_strictly(path: Path) -> Any:
    """Return the notebook at `path` as it is; unlike `nbformat.read` this mends nothing on the way.

    Raises `ValueError`, `OSError` or `nbformat.ValidationError` when it is not valid nbformat 4.5.
    """
    text = path.read_text(encoding="utf-8")
    # nbformat would fail at a list or a number with an error that is no `ValueError`.
    if not text.lstrip().startswith("{"):
        raise ValueError("the file does not hold a JSON object")
    nb = nbformat.reader.reads(text)
    found = nbformat.reader.get_version(nb)
    if found != FORMAT:
        raise ValueError("it is nbformat {}.{}, not 4.5".format(*found))
    # `nbformat.validate` would give missing ids to the cells instead of telling of them.
    for error in nbformat.validator.iter_validate(nb):
        raise error
    return nb


def markdown_tokens(text: str) -> list[Token]:
    """Return the block tokens of the markdown `text`; inline tokens are their children."""
    return MarkdownIt("commonmark").enable("table").parse(text)
