"""A cell of a submission is recognised by the surest way that there is, or by none."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.intake.recognition import Match, Way, recognise
from course.grading.intake.submitted_cells import SubmittedCell
from course.grading.model.cells import Cell, MasterNotebook, Role

IMPORTS = "import math\nimport torch\nfrom torch import nn\nprint('ready')"
STUB = "def double(number):\n    pass  # write your answer here"
CELLS = (
    Cell(Role.TEXT, "", "markdown", "# Twice a number", id="title"),
    Cell(Role.GIVEN, "imports", "code", IMPORTS, id="a1"),
    Cell(Role.TEXT, "", "markdown", "---", id="rule"),
    Cell(Role.ANSWER, "double", "code", "def double(number):\n    return 2 * number", ("double",)),
    Cell(Role.TEST, "test_double", "code", "assert double(2) == 4, 'four'", points=1.0),
    Cell(Role.TEXT, "", "markdown", "---", id="rule-2"),
    Cell(Role.WRITTEN, "think", "markdown", "Because.", points=1.0),
)
RELEASED = (*(cell.source for cell in CELLS[:3]), STUB, *(cell.source for cell in CELLS[4:6]), "?")
MASTER = MasterNotebook("toy", CELLS, {"double": STUB, "think": "?"}, RELEASED)
ANSWER, TEST, WRITTEN = 3, 4, 6


def cell(source: str, kind: str = "code", *, name: str = "", id: str = "") -> SubmittedCell:
    return SubmittedCell(kind, source, name, id)


def handed_in() -> list[SubmittedCell]:
    """Return what a student hands in who has left all names and ids alone."""
    return [
        cell(source, each.kind, name=each.name, id=each.id)
        for each, source in zip(CELLS, RELEASED, strict=True)
    ]


def without_names(*places: int) -> list[SubmittedCell]:
    """Return the same without names and ids, of all cells but those at `places`."""
    return [
        each if place in places else replace(each, name="", id="")
        for place, each in enumerate(handed_in())
    ]


def ways(*pieces: SubmittedCell) -> dict[int, Match]:
    return dict(recognise(MASTER, pieces).matches)


def test_all_is_recognised_by_name_and_id() -> None:
    found = ways(*handed_in())
    assert {index: match.place for index, match in found.items()} == {i: i for i in range(7)}
    assert {match.way for match in found.values()} == {Way.NAME, Way.ID}


@pytest.mark.parametrize(
    ("piece", "place", "way"),
    [
        (cell("x = 1", name="double"), ANSWER, Way.NAME),
        (cell("x = 1", id="a1"), 1, Way.ID),
        (cell(IMPORTS + "\n\n"), 1, Way.SOURCE),
        (cell("def double(x):\n    y = x\n    return y + y"), ANSWER, Way.DEFINED),
        (cell(IMPORTS + "\nimport os"), 1, Way.LIKENESS),
    ],
    ids=lambda value: value.way if isinstance(value, Match) else None,
)
def test_a_single_cell_is_recognised(piece: SubmittedCell, place: int, way: Way) -> None:
    assert ways(piece) == {0: Match(place, way)}


def test_a_name_says_more_than_an_id() -> None:
    assert ways(cell("x = 1", name="double", id="a1")) == {0: Match(ANSWER, Way.NAME)}


def test_one_of_two_cells_alike_is_known_by_its_place() -> None:
    found = ways(*without_names(0, 1, 3, 4))
    assert (found[2], found[5]) == (Match(2, Way.ORDER), Match(5, Way.ORDER))


def test_a_written_answer_is_known_by_its_place_whatever_it_says() -> None:
    pieces = without_names(0, 1, 2, 3, 4, 5)
    pieces[WRITTEN] = cell("Something quite different.", "markdown")
    assert ways(*pieces)[WRITTEN] == Match(WRITTEN, Way.PLACE)


def test_a_likeness_without_the_place_is_not_enough_for_an_answer() -> None:
    unlike = cell("class Tree:\n    branches = []")
    assert ways(unlike) == {}


def test_a_cell_of_another_kind_is_no_copy() -> None:
    assert ways(cell(IMPORTS, "raw")) == {}


def test_a_name_that_two_given_cells_define_tells_nothing() -> None:
    given_too = replace(CELLS[1], source="double = None")
    master = replace(MASTER, cells=(*CELLS[:1], given_too, *CELLS[2:]))
    found = recognise(master, (cell("double = lambda x: 2 * x"),))
    assert Way.DEFINED not in {match.way for match in found.matches.values()}


def test_of_several_answers_the_last_that_is_none_of_the_stub_is_chosen() -> None:
    pieces = tuple(cell(text, name="double") for text in (STUB, "first = 1", "last = 2", STUB, " "))
    assert recognise(MASTER, pieces).choose() == {ANSWER: 2}


def test_of_several_given_cells_the_unchanged_one_is_chosen() -> None:
    pieces = tuple(cell(text, name="imports") for text in ("import os", IMPORTS, "import sys"))
    assert recognise(MASTER, pieces).choose() == {1: 1}


SOURCES = st.sampled_from([*RELEASED, "double = 3", "x = 1", "", " \n"]) | st.text(max_size=20)
PIECES = st.builds(
    SubmittedCell,
    kind=st.sampled_from(["code", "markdown", "raw"]),
    source=SOURCES,
    name=st.sampled_from(["", "", "double", "imports", "test_double", "think", "other"]),
    id=st.sampled_from(["", "", "a1", "title", "rule", "other"]),
)


@given(st.lists(PIECES, max_size=8))
def test_whatever_is_handed_in_every_match_is_a_piece_and_a_place(
    pieces: list[SubmittedCell],
) -> None:
    found = recognise(MASTER, tuple(pieces))
    assert set(found.matches) <= set(range(len(pieces)))
    assert found.claimed <= set(range(len(CELLS)))
    assert set(found.unmatched) == set(range(len(pieces))) - set(found.matches)
    assert set(found.choose()) == found.claimed


@given(st.permutations(handed_in()))
def test_with_names_and_ids_the_order_does_not_matter(pieces: list[SubmittedCell]) -> None:
    found = recognise(MASTER, tuple(pieces))
    places = Counter(match.place for match in found.matches.values())
    assert places == Counter(range(len(CELLS)))
