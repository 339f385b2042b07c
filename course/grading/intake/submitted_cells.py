"""The cells of a submitted notebook: all that is ever taken from it.

A submission is what its student, and whatever programs it went through, made of it: nothing in it
is trusted to be there, to be of the right type or to mean what it says.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from course.errors import CourseError

# Bounds on the work that a hostile notebook can cause; real ones stay far below.
MAX_CELLS, MAX_CHARACTERS, MAX_TOKENS = 2_000, 1_000_000, 2_000
TOKEN = re.compile(r"\w+|[^\w\s]")
Parts = Counter[tuple[str, ...]]
KINDS = ("code", "markdown", "raw")


@dataclass(frozen=True)
class SubmittedCell:
    """Hold all that is ever taken from one cell of a submission."""

    kind: str
    source: str
    name: str
    id: str

    # Kept, as both are compared with many cells, and a text can be long.
    @cached_property
    def trimmed(self) -> str:
        """Return the source without white space that nobody sees."""
        return trim(self.source)

    @cached_property
    def squeezed(self) -> str:
        """Return the source without white space."""
        return squeeze(self.source)


def read_submitted_cells(notebook: Any) -> tuple[SubmittedCell, ...]:
    """Return the cells of a submitted `notebook`, whatever else is in it.

    Raises `CourseError` when it has no list of cells, or too many or too long ones.
    """
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    if not isinstance(cells, (list, tuple)):
        raise CourseError("the notebook has no list of cells; open it in JupyterLab, save it again")
    if len(cells) > MAX_CELLS:
        raise CourseError(
            f"the notebook has {len(cells):,} cells, more than {MAX_CELLS:,}; delete those that "
            "the lesson does not need"
        )
    found = tuple(_read_cell(cell) for cell in cells if isinstance(cell, Mapping))
    for number, cell in enumerate(found, start=1):
        if len(cell.source) > MAX_CHARACTERS:
            raise CourseError(
                f"cell {number} of the notebook has {len(cell.source):,} characters, more than "
                f"{MAX_CHARACTERS:,}; shorten it, or delete what was pasted into it"
            )
    return found


def _read_cell(cell: Mapping[str, Any]) -> SubmittedCell:
    kind, source = cell.get("cell_type"), cell.get("source")
    # Jupyter saves a text as a list of its lines.
    if isinstance(source, (list, tuple)):
        source = "".join(line for line in source if isinstance(line, str))
    # Half a surrogate pair is valid JSON, but neither Python nor a file takes it.
    text = source.encode("utf-8", "replace").decode() if isinstance(source, str) else ""
    metadata = _mapping(cell.get("metadata"))
    return SubmittedCell(
        kind=kind if kind in KINDS else "raw",  # which nobody runs
        source=text,
        name=_text(_mapping(metadata.get("nbgrader")).get("grade_id")),
        id=_text(cell.get("id")) or _text(metadata.get("id")),  # Colab's place for it
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def trim(source: str) -> str:
    """Return a text without white space that nobody sees."""
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def squeeze(source: str) -> str:
    """Return a text without white space."""
    return "".join(source.split())


def parts_of(source: str) -> Parts:
    """Count words and signs, and pairs of neighbours; nothing of a text too long to compare."""
    # Cut before it is taken apart, which would take longer than any comparison.
    tokens = TOKEN.findall(source[: MAX_TOKENS * 50])
    if len(tokens) > MAX_TOKENS:
        return Counter()
    singles = ((token,) for token in tokens)
    # Neighbours, as two texts of the same words in another order are not alike.
    return Counter([*singles, *pairwise(tokens)])
