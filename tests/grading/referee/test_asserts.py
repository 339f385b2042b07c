"""The asserts of a test cell are found, weighed and run one by one."""

import ast
from typing import Any

import pytest

from course.grading.border.notes import CREDIT, FAILED, HOLDS
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

    names = {HOLDS: holds, FAILED: failed, CREDIT: noted[CREDIT].append}
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
