"""Of the comments that mark what students must not see, each stands where nbgrader finds it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell

from course.checks.markers import HIDDEN, MARK, MARKERS, SOLUTION, check_markers, required_marker
from course.checks.masters import Master
from course.notebooks import Marker
from tests.toy import answer_cell, check_cell, grading_metadata, toy_notebook

MASTER = Master("toy", Path("toy.ipynb"), toy_notebook([]))
WRITTEN = grading_metadata("think", grade=True, solution=True, points=1)


def around(marker: Marker, text: str = "x = 1") -> str:
    return f"{marker.begin}\n{text}\n{marker.end}"


CELLS: dict[str, tuple[Any, Marker | None]] = {
    "answer": (answer_cell("f", around(SOLUTION)), SOLUTION),
    "test": (check_cell("f", around(HIDDEN, "assert f")), HIDDEN),
    "discussion": (new_markdown_cell(around(MARK), metadata=WRITTEN), MARK),
    "code": (new_code_cell("x = 1"), None),
    "text": (new_markdown_cell("# A title"), None),
}


def complaints(cell: Any) -> list[str]:
    return [problem.message for problem in check_markers(MASTER, cell)]


@pytest.mark.parametrize("kind", CELLS)
def test_a_cell_with_the_marker_that_it_needs_is_clean(kind: str) -> None:
    cell, marker = CELLS[kind]
    assert required_marker(cell) == marker
    assert complaints(cell) == []


@pytest.mark.parametrize("kind", ["answer", "test", "discussion"])
def test_a_cell_without_its_marker_withholds_nothing(kind: str) -> None:
    cell = CELLS[kind][0].copy()
    cell["source"] = "x = 1"
    [message] = complaints(cell)
    assert "withholds nothing from students" in message


def test_a_discussion_may_have_a_solution_too() -> None:
    text = f"{around(SOLUTION)}\n{around(MARK)}"
    assert complaints(new_markdown_cell(text, metadata=WRITTEN)) == []


@pytest.mark.parametrize("marker", MARKERS)
def test_a_given_cell_must_have_no_marker(marker: Marker) -> None:
    [message] = complaints(new_code_cell(around(marker)))
    assert f"must not have `{marker.begin}`" in message


@pytest.mark.parametrize(
    "line",
    [
        "# BEGIN SOLUTION",
        "### begin solution",
        "###BEGIN HIDDEN TESTS",
        "### END SOLUTIONS",
        "### END of it",
        "x = 1  ### BEGIN SOLUTION",
    ],
)
def test_a_line_that_nbgrader_may_miss_is_named(line: str) -> None:
    messages = complaints(new_code_cell(line))
    assert any(f"the marker `{line}` that nbgrader may miss" in each for each in messages)


LINES = st.sampled_from(
    [*(line for marker in MARKERS for line in (marker.begin, marker.end)), "x = 1"]
)


def is_balanced(lines: list[str]) -> bool:
    """Tell whether every region ends with its own marker before another one begins."""
    awaited = ""
    ends = {marker.begin: marker.end for marker in MARKERS}
    for line in lines:
        if line in ends:
            if awaited:
                return False
            awaited = ends[line]
        elif line in ends.values():
            if line != awaited:
                return False
            awaited = ""
    return not awaited


@given(st.lists(LINES, max_size=6))
def test_regions_that_are_not_closed_in_turn_are_found_and_no_others(lines: list[str]) -> None:
    found = complaints(new_code_cell("\n".join(lines)))
    order = [each for each in found if "withholds" not in each and "must not have" not in each]
    assert (order == []) == is_balanced(lines)
