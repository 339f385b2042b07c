"""What a test cell finds is noted, and crosses from a student process as plain data."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.border.breach import Breach
from course.grading.border.notes import FILE, MAX_TOLD, Notes, describe_notes, read_notes, run_tests
from course.grading.border.raised import StudentError, describe_error, read_error
from course.grading.referee.asserts import read_assertions

CELL = """x = 2
assert x == 2
for number in range(4):
    assert number < x, f"{number} is too large"
assert x == 3
unknown
assert True
"""


class Shell:
    """Has what running a test cell needs of IPython's."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {}
        self.showtraceback = lambda *_, **__: None


def run(source: str, *, shell: Shell | None = None, cell: str = "test_x") -> Notes:
    notes, file = Notes(), FILE.format(cell)
    code = compile(read_assertions(source, file).tree, file, "exec")
    run_tests(shell or Shell(), code, notes)
    return notes


def test_every_assert_is_noted_until_an_error_ends_the_cell() -> None:
    notes = run(CELL)
    assert notes.reached == {2, 4, 5}
    assert notes.failed == {4: "2 is too large", 5: None}
    assert [(stop.line, type(stop.error)) for stop in notes.stops] == [(6, NameError)]


@pytest.mark.parametrize(
    ("last", "credit"),
    [("0.5", 0.5), ("None", None), ("'1'", None), ("float('nan')", 0.0), ("True", None)],
)
def test_a_number_at_the_end_is_noted(last: str, credit: float | None) -> None:
    assert run(f"assert True\n{last}").credit == credit


def test_every_failure_is_noted_but_not_every_message() -> None:
    notes = run("\n".join(f"assert False, {n}" for n in range(2 * MAX_TOLD)))
    assert len(notes.failed) == 2 * MAX_TOLD
    told = [message for message in notes.failed.values() if message is not None]
    assert told == [str(n) for n in range(MAX_TOLD)]


def test_an_assert_of_another_cells_function_counts_where_it_is_called() -> None:
    shell = Shell()
    run("\n\ndef check(x):\n    assert x == 1, 'not one'", shell=shell, cell="test_before")
    notes = run("assert True\ncheck(1)\ncheck(2)\nassert True", shell=shell)
    assert notes.failed == {3: "not one"}
    assert notes.reached == {1, 4}


def test_notes_cross_as_they_are() -> None:
    notes = run(CELL)
    crossed = read_notes(describe_notes(notes))
    assert (crossed.reached, crossed.failed, crossed.credit) == (notes.reached, notes.failed, None)
    [stop] = crossed.stops
    assert stop.line == 6
    assert isinstance(stop.error, NameError)
    assert stop.error.name == "unknown"


def test_an_exception_of_a_students_own_crosses_as_its_nearest_built_in_base() -> None:
    class NarrowError(LookupError):
        pass

    class OwnError(Exception):
        pass

    assert type(read_error(describe_error(NarrowError("here")))) is LookupError
    assert type(read_error(describe_error(OwnError("there")))) is StudentError


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
text = st.text(max_size=5)
lines = st.integers(-2, 2**70)
stop = {
    "line": lines,
    "names": st.lists(text | st.sampled_from(["KeyError", "NameError", "OSError"]), min_size=1),
    "message": text,
    "traceback": text,
    "undefined": text,
}
parts = {
    "reached": st.lists(lines),
    "failed": st.lists(st.tuples(lines, st.none() | text).map(list)),
    "raised": st.lists(st.tuples(lines, st.none() | text).map(list)),
    "stops": st.lists(st.fixed_dictionaries(stop)),
    "credit": st.none() | st.floats(),
}
PARTS = st.sampled_from(list(parts))


def check_notes(notes: Notes) -> None:
    assert all(type(line) is int for line in (*notes.reached, *notes.failed, *notes.raised))
    messages = (*notes.failed.values(), *notes.raised.values())
    assert all(message is None or type(message) is str for message in messages)
    assert all(isinstance(stop.error, Exception) for stop in notes.stops)
    assert notes.credit is None or not math.isnan(notes.credit)


@given(st.fixed_dictionaries(parts))
def test_whatever_can_be_noted_is_read(described: dict[str, Any]) -> None:
    notes = read_notes(described)
    check_notes(notes)
    assert notes.reached == set(described["reached"])


@given(st.fixed_dictionaries(parts), PARTS, plain)
def test_notes_of_which_a_part_is_anything_are_read_or_a_breach(
    described: dict[str, object], part: str, anything: object
) -> None:
    try:
        notes = read_notes(described | {part: anything})
    except Breach:
        return
    check_notes(notes)


@given(plain)
def test_what_are_no_notes_is_a_breach(described: object) -> None:
    with pytest.raises(Breach):
        read_notes(described)
