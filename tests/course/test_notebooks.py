"""Marked regions of cells are found line by line; what is no notebook is named."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.notebooks import Marker, line_in_region, parse, read, read_regions, without_region

BEGIN, END = "# <", "# >"
LINES = st.lists(st.sampled_from([BEGIN, END, f"  {BEGIN} x", "a", "b", ""]), max_size=12)


def test_lines_between_markers_are_withheld_and_the_rest_stays() -> None:
    source = "a\n    # < \nb\n# >\nc\n# <\nd"
    assert without_region(source, BEGIN, END) == "a\nc"
    inside = [number for number in range(9) if line_in_region(source, number, BEGIN, END)]
    assert inside == [3, 7]


def test_without_a_marker_nothing_is_withheld() -> None:
    assert without_region("a\n\nb", BEGIN, END) == "a\n\nb"


@given(LINES)
def test_each_line_is_open_withheld_or_a_marker(lines: list[str]) -> None:
    for line in read_regions(lines, [Marker(BEGIN, END)]):
        assert [line.is_open, line.is_withheld, line.is_marker].count(True) == 1
        assert line.is_marker == (BEGIN in line.text or END in line.text)


@given(LINES)
def test_what_stays_is_neither_in_a_region_nor_its_edge(lines: list[str]) -> None:
    source = "\n".join([*lines, "last"])
    kept = [
        line
        for number, line in enumerate(source.split("\n"), start=1)
        if not line_in_region(source, number, BEGIN, END) and BEGIN not in line and END not in line
    ]
    assert without_region(source, BEGIN, END) == "\n".join(kept)


def test_any_end_ends_a_region_and_the_last_beginning_counts() -> None:
    first, second = Marker("<1", "1>"), Marker("<2", "2>")
    lines = read_regions(["<1", "a", "<2", "b", "1>", "c"], [first, second])
    assert [line.around for line in lines] == [None, first, first, second, second, None]


def test_what_is_no_notebook_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"a\.ipynb: not a notebook .*; save it again"):
        parse(b"\xff", "a.ipynb")
    with pytest.raises(CourseError, match=r"b\.ipynb: no such notebook; run `make build`"):
        read(tmp_path / "b.ipynb")
