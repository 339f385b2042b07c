"""The comments that mark what students must not see stand where nbgrader finds them."""

import operator
import re
from collections.abc import Iterator
from typing import Any

from course.checks.masters import Master
from course.checks.problems import Problem
from course.notebooks import (
    BEGIN_HIDDEN,
    BEGIN_MARK,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_MARK,
    END_SOLUTION,
    Marker,
    is_answer,
    is_discussion,
    is_test,
    read_regions,
)

SOLUTION = Marker(BEGIN_SOLUTION, END_SOLUTION)
HIDDEN = Marker(BEGIN_HIDDEN, END_HIDDEN)
MARK = Marker(BEGIN_MARK, END_MARK)
MARKERS = (SOLUTION, HIDDEN, MARK)

# nbgrader takes any line with one of these words in it for a marker ...
WORDS = re.compile(r"\b(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)\b")
# ... and none of these, which an author may have meant as one.
LOOKALIKE = re.compile(
    r"\W*(begin|end)[\W_]*(solutions?|hidden[\W_]*tests?|mark(ing)?[\W_]*schemes?)\W*"
    r"|\s*#+\s*(?-i:BEGIN|END)\b.*",
    re.IGNORECASE,
)


def check_markers(master: Master, cell: Any) -> Iterator[Problem]:
    """Yield what is wrong with the markers of `cell`: spelling, order or a region's absence."""
    yield from _misspelled(master, cell)
    yield from _unbalanced(master, cell)
    required = required_marker(cell)
    if required and required.begin not in cell.source:
        remedy = f"put `{required.begin}` and `{required.end}` around it"
        yield master.problem(cell, "withholds nothing from students", remedy)
    for marker in MARKERS:
        if marker.begin in cell.source and marker not in _allowed_markers(cell):
            yield master.problem(cell, f"must not have `{marker.begin}`", "use the right cell")


def required_marker(cell: Any) -> Marker | None:
    """Return the marker that a cell of this kind cannot do without."""
    kinds = ((is_answer, SOLUTION), (is_test, HIDDEN), (is_discussion, MARK))
    return next((marker for is_kind, marker in kinds if is_kind(cell)), None)


def _allowed_markers(cell: Any) -> tuple[Marker | None, ...]:
    return (SOLUTION, MARK) if is_discussion(cell) else (required_marker(cell),)


def _misspelled(master: Master, cell: Any) -> Iterator[Problem]:
    correct = {marker.begin for marker in MARKERS} | {marker.end for marker in MARKERS}
    for line in map(str.strip, cell.source.splitlines()):
        if line not in correct and (WORDS.search(line) or LOOKALIKE.fullmatch(line)):
            remedy = f"write one of {', '.join(sorted(correct))}"
            yield master.problem(cell, f"has the marker `{line}` that nbgrader may miss", remedy)


def _unbalanced(master: Master, cell: Any) -> Iterator[Problem]:
    # Only whole lines: one with more in it has been called misspelled.
    lines = map(str.strip, cell.source.splitlines())
    awaited = None
    for line in read_regions(lines, MARKERS, operator.eq):
        if line.begins and awaited:
            remedy = f"put `{awaited.end}` first"
            yield master.problem(cell, f"has `{line.text}` inside of a region", remedy)
        elif line.ends and not (awaited and line.text == awaited.end):
            message = f"has `{line.text}` without its beginning"
            yield master.problem(cell, message, "add or remove one")
        awaited = line.around_next
    if awaited:
        yield master.problem(cell, f"has no `{awaited.end}`", "add it after the region")
