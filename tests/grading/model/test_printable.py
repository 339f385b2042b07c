"""Text of unknown origin is made fit to be shown, and numbers are written as people do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.grading.model.printable import MAX_LENGTH, one_line, plain_number, printable


@given(st.floats(min_value=0, max_value=1000))
def test_points_are_written_plainly(value: float) -> None:
    assert float(plain_number(value)) == pytest.approx(value, abs=0.00501)
    assert not plain_number(value).endswith((".", ".0"))


@given(st.text())
def test_shown_text_is_short_and_without_control_characters(text: str) -> None:
    shown = printable(text)
    assert len(shown) <= MAX_LENGTH + 2
    assert all(char == "\n" or ord(char) >= 32 for char in shown)
    assert len(one_line(text).splitlines()) <= 1
