"""What a student process shows is cut to size, and nothing but text and PNG."""

import pytest

from course.grading.border.breach import Breach
from course.grading.border.shell import MAX_FIGURE_BYTES, MAX_FIGURES, MAX_OUTPUT
from course.grading.referee.outputs import PNG, read_output


def test_only_pictures_of_one_kind_and_a_fit_size_are_kept() -> None:
    sent = [b"<svg onload='alert(1)'/>", PNG + b"a", PNG + bytes(MAX_FIGURE_BYTES), b""]
    assert read_output("", None, sent).figures == (PNG + b"a",)


def test_texts_and_the_number_of_pictures_have_a_limit() -> None:
    error = ValueError("e" * 2 * MAX_OUTPUT)
    error.add_note("t" * 2 * MAX_OUTPUT)
    shown = read_output("p" * 2 * MAX_OUTPUT, error, [PNG] * (MAX_FIGURES + 1))
    assert {len(text) for text in (shown.text, shown.error, shown.traceback)} == {MAX_OUTPUT}
    assert len(shown.figures) == MAX_FIGURES
    assert shown.size == 3 * MAX_OUTPUT + MAX_FIGURES * len(PNG)


def test_what_is_no_picture_at_all_is_a_breach() -> None:
    with pytest.raises(Breach):
        read_output("", None, ["a text"])
