"""The asserts of a test cell are found, weighed and run one by one."""

import ast
from types import SimpleNamespace
from typing import Any

import pytest

from course.grading.border.notes import (
    CREDIT,
    FAILED,
    FILE,
    HOLDS,
    RAISING,
    Notes,
    Raising,
    run_tests,
)
from course.grading.referee.asserts import Assertions, read_assertions

CELL = """\
x = 3
with context:
    assert x == 3, "three"  # weight: 2
    for number in range(x):
        assert (
            number < 2
        ), "small"  # weight: 0.5
### BEGIN HIDDEN TESTS
def twice():
    assert x + x == 6
### END HIDDEN TESTS
"""


@pytest.fixture
def found() -> Assertions:
    return read_assertions(CELL)


def test_every_assert_is_named_by_its_condition(found: Assertions) -> None:
    assert [test.name for test in found.tests] == ["x == 3", "number < 2", "x + x == 6"]


def test_lines_are_those_of_the_cell(found: Assertions) -> None:
    lines = CELL.splitlines()
    assert all("assert" in lines[test.line - 1] for test in found.tests)


def test_weights_stand_behind_asserts_and_are_one_by_default(found: Assertions) -> None:
    assert found.is_weighted
    assert [test.weight for test in found.tests] == [2, 0.5, 1]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ('"it is wrong"', "it is wrong"),
        ('f"{2 * x} should be {y:.2f}, not {f(x)}"', "… should be …, not …"),
        ("message", "A hidden test does not hold."),
        ('f"{x} {y}"', "A hidden test does not hold."),
    ],
)
def test_a_message_is_told_without_its_values(message: str, told: str) -> None:
    [test] = read_assertions(f"assert x, {message}").tests
    assert test.told == told


@pytest.mark.parametrize(
    "source",
    [
        "assert True  # weighty: 2\ntext = '# weight: 3'",
        "assert True\nmass = 70  # weight: 70",
        "assert True  # weight: 0",
    ],
)
def test_a_cell_without_weights_is_all_or_nothing(source: str) -> None:
    assert not read_assertions(source).is_weighted


def test_equal_weights_are_weights() -> None:
    assert read_assertions("assert True  # weight: 1").is_weighted


def test_hidden_tests_and_those_that_run_from_elsewhere_are_marked(found: Assertions) -> None:
    assert [(test.hidden, test.inside) for test in found.tests] == [
        (False, False),
        (False, False),
        (True, True),
    ]


def test_a_loop_is_known_by_its_lines(found: Assertions) -> None:
    assert [test.loop for test in found.tests] == [range(0), range(4, 8), range(0)]


def run(source: str) -> dict[str, list[Any]]:
    """Run a cell and return what it notes."""
    noted: dict[str, list[Any]] = {HOLDS: [], FAILED: [], CREDIT: []}

    def holds(file: str, line: int, value: object) -> bool:
        assert file == "cell"
        noted[HOLDS].append(line)
        return bool(value)

    def failed(file: str, line: int, message: object = None) -> None:
        assert file == "cell"
        noted[FAILED].append((line, message))

    names = {HOLDS: holds, FAILED: failed, CREDIT: noted[CREDIT].append, RAISING: Raising()}
    exec(compile(read_assertions(source, "cell").tree, "cell", "exec"), names)
    return noted


def test_a_failed_assert_does_not_keep_the_next_from_running() -> None:
    noted = run("assert 1 == 2, 'no'\nassert 1 == 1\nassert not 1")
    assert noted[HOLDS] == [1, 2, 3]
    assert noted[FAILED] == [(1, "no"), (3, None)]


def test_the_message_of_an_assert_that_holds_is_not_computed() -> None:
    assert run("assert 1, 1 / 0")[FAILED] == []


@pytest.mark.parametrize(("source", "credit"), [("x = 1\n2 * x", [2]), ("x = 1", [])])
def test_the_value_of_the_last_line_is_noted(source: str, credit: list[int]) -> None:
    assert run(source)[CREDIT] == credit


def test_what_is_no_python_is_refused() -> None:
    with pytest.raises(SyntaxError):
        read_assertions("assert (")


def test_an_empty_cell_has_no_tests() -> None:
    assert read_assertions("").tests == ()
    assert ast.unparse(read_assertions("").tree) == ""


# --- asserts that the cell itself may catch: Python is the oracle ---

CAUGHT = {
    "counted one by one": """
points = 0
for x in (0, 1, 2):
    try:
        assert x < 2
        points += 1
    except AssertionError:
        pass
points""",
    "in a function": """
def passes(x):
    try:
        assert x > 0
    except AssertionError:
        return 0
    return 1
passes(3) + passes(-3)""",
    "of a function that is called there": """
def check(x):
    assert x > 0
points = 0
for x in (1, -1, 2):
    try:
        check(x)
    except Exception as error:
        continue
    points += 1
points""",
    "caught whatever it is": """
score = 2
try:
    assert 1 == 1
    assert 1 == 2
except:
    score = 1
score""",
    "one of several": """
try:
    assert [] == [0]
    ok = 3
except (IndexError, AssertionError):
    ok = 4
ok""",
    "its message": """
try:
    assert 1 == 2, "one is not two"
except AssertionError as error:
    found = len(str(error))
found""",
    "of a group": """
try:
    assert 1 == 2
    points = 1
except* AssertionError:
    points = 2
points""",
    "the next block": """
points = 0
try:
    try:
        assert 1 == 2
    except ValueError:
        points += 1
    points += 2
except AssertionError:
    points += 4
points""",
    "expected in a block": """
import unittest
with unittest.TestCase().assertRaises(AssertionError):
    assert 1 == 2
5""",
    "suppressed": """
from contextlib import suppress
points = 1
with suppress(Exception):
    assert 1 == 2
    points = 2
points""",
    "expected of a call": """
import unittest
def check(x):
    assert x == 2
unittest.TestCase().assertRaises(AssertionError, check, 1)
6""",
    "of a type by another name": """
Wrong = AssertionError
try:
    assert 1 == 2
    points = 1
except Wrong:
    points = 2
points""",
}


def notes_of(source: str) -> Notes:
    notes, file = Notes(), FILE.format("cell")
    code = compile(read_assertions(source, file).tree, file, "exec")
    run_tests(SimpleNamespace(user_ns={}, showtraceback=None), code, notes)
    return notes


def python_of(source: str) -> float:
    """Return the value of the last line, as Python has it."""
    *lines, last = source.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    return float(eval(last, names))


@pytest.mark.parametrize("shape", CAUGHT)
def test_an_assert_that_may_be_caught_does_as_python_says(shape: str) -> None:
    notes = notes_of(CAUGHT[shape])
    assert notes.credit == python_of(CAUGHT[shape])
    assert (notes.failed, notes.stops) == ({}, [])
    assert notes.raised


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    assert 1 == 2\nexcept (ValueError, KeyError):\n    pass\nassert 2 == 3",
        "try:\n    assert 1 == 2\nfinally:\n    x = 1\nassert 2 == 3",
        "try:\n    1\nexcept AssertionError:\n    pass\nelse:\n    assert 1 == 2\nassert 2 == 3",
        "with open('/dev/null') as file:\n    assert 1 == 2\nassert 2 == 3",
    ],
)
def test_where_nothing_catches_it_the_cell_goes_on(source: str) -> None:
    notes = notes_of(source)
    assert (len(notes.failed), notes.raised, notes.stops) == (2, {}, [])


def test_what_is_raised_again_ends_the_cell() -> None:
    notes = notes_of("try:\n    assert 1 == 2, 'no'\nexcept AssertionError:\n    raise\nassert 1")
    assert notes.raised == {2: "no"}
    assert [(stop.line, str(stop.error)) for stop in notes.stops] == [(2, "no")]
    assert notes.reached == {2}
