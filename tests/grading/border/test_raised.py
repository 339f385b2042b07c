"""An exception of the other process says what it said there."""

import pytest

from course.grading.border.raised import describe_error, read_error


@pytest.mark.parametrize(
    "error",
    [
        ValueError("too many"),
        KeyError("lr"),
        KeyError("it's"),
        IndexError("list index out of range"),
        ZeroDivisionError(),
    ],
    ids=repr,
)
def test_a_built_in_exception_comes_back_as_it_was(error: Exception) -> None:
    found = read_error(describe_error(error))
    assert type(found) is type(error)
    assert str(found) == str(error)


def test_a_missing_key_can_be_asked_for() -> None:
    assert read_error(describe_error(KeyError("lr"))).args == ("lr",)
