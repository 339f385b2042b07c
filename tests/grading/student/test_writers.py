"""Each type is written in one form; a value says itself what it is only where nobody can lie."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.grading.border.plain_data import MAX_BITS, MAX_DIGITS, Uncarried
from course.grading.student.torch_values import ALL_WRITERS
from course.grading.student.writers import NUMPY_SCALARS, numpy_dtype


def written(value: Any, kind: type | None = None) -> Any:
    """Return what the writer of `kind`, or of the value's own type, writes."""
    kind = kind or type(value)
    return (ALL_WRITERS.atoms.get(kind) or ALL_WRITERS.others[kind])(value)


@given(st.integers(-(2**63), 2**64 - 1))
def test_a_short_int_stands_for_itself(value: int) -> None:
    assert written(value) == value


@given(st.integers(2**64, 2**MAX_BITS - 1) | st.integers(-(2**MAX_BITS) + 1, -(2**63) - 1))
def test_a_long_int_is_its_bytes(value: int) -> None:
    tag, data = written(value)
    assert tag == "int"
    assert int.from_bytes(data, "big", signed=True) == value


@given(st.text(st.characters(exclude_categories=[])))
def test_a_text_is_itself_unless_it_has_half_a_surrogate_pair(value: str) -> None:
    found = written(value)
    if isinstance(found, str):
        assert found.encode("utf-8") == value.encode("utf-8", "surrogatepass")
    else:
        assert found == ["text", value.encode("utf-8", "surrogatepass")]


class Liar(int):
    """Says of itself whatever it likes."""

    def __int__(self) -> int:
        return 9

    def __index__(self) -> int:
        return 9

    def __repr__(self) -> str:
        return "9"


class LyingText(str):
    """Says of itself whatever it likes."""

    def __str__(self) -> str:
        return "right"


def test_a_subclass_is_written_as_what_it_is() -> None:
    assert written(Liar(1), int) == 1
    assert written(LyingText("wrong"), str) == "wrong"


@pytest.mark.parametrize(
    ("value", "tree"),
    [
        (None, None),
        (True, True),
        (1 + 2j, ["complex", 1.0, 2.0]),
        (range(1, 7, 2), ["range", 1, 7, 2]),
        (Fraction(-1, 3), ["fraction", -1, 3]),
        (Decimal("1.50"), ["decimal", "1.50"]),
        (date(2026, 1, 2), ["date", "2026-01-02"]),
        (torch.Size([2, 3]), ["size", 2, 3]),
        (torch.float16, ["dtype", "float16"]),
        (torch.device("cpu"), ["device", "cpu", None]),
        (np.int16(3), ["npscalar", "<i2", b"\3\0"]),
        (np.str_("a"), ["npstr", "a"]),
    ],
    ids=repr,
)
def test_a_value_is_written_by_its_parts(value: object, tree: object) -> None:
    assert written(value) == tree


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2**MAX_BITS, "an int of more than"),
        (Decimal("1E+20000"), "too many digits"),
        (Decimal("1." + "1" * MAX_DIGITS), "too many digits"),
        (datetime(2026, 1, 2, tzinfo=UTC), "one without"),
    ],
    ids=["int", "exponent", "digits", "time zone"],
)
def test_what_is_too_much_is_refused_in_the_students_words(value: object, words: str) -> None:
    with pytest.raises(Uncarried, match=words):
        written(value)


@pytest.mark.parametrize("code", sorted(kind.__name__ for kind in NUMPY_SCALARS))
def test_every_scalar_of_numpy_has_a_dtype_that_crosses(code: str) -> None:
    if code not in ("datetime64", "timedelta64"):  # without a unit they are no values
        assert numpy_dtype(np.dtype(code))
    assert numpy_dtype(np.dtype("M8[s]"))


@pytest.mark.parametrize(
    "dtype", [np.dtype(object), np.dtype([("a", "f4")]), np.dtype((np.int32, 3)), np.dtype("V3")]
)
def test_arrays_of_what_are_no_values_are_refused(dtype: np.dtype[Any]) -> None:
    with pytest.raises(Uncarried, match="return numbers or texts"):
        numpy_dtype(dtype)
