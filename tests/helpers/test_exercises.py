"""Feedback says what is wrong, goes on in a notebook, and raises while a notebook is graded."""

from typing import Any

import pytest

from helpers.exercises import Card, being_graded, check, is_unfinished, needs


def finished(number: int) -> int:
    """Do something."""
    return number + 1


def stub(number: int) -> Any:
    """Do nothing yet."""
    pass


def stub_without_docstring(number: int) -> None:
    pass


@pytest.fixture(params=["autograde", "validate"])
def graded(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", request.param)


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)


@pytest.mark.parametrize("answer", [stub, stub_without_docstring, lambda: None, None, {"a": None}])
def test_stubs_are_unfinished(answer: object) -> None:
    assert is_unfinished(answer)


@pytest.mark.parametrize("answer", [finished, {"a": 0.0}, 0, lambda: 0, lambda x: x, len])
def test_answers_are_finished(answer: object) -> None:
    assert not is_unfinished(answer)


def test_passing_tests_show_a_card(capsys: pytest.CaptureFixture[str]) -> None:
    with check(finished):
        assert finished(1) == 2
    assert "✔ finished: all tests here passed" in capsys.readouterr().out


def test_failing_test_shows_its_message_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    with check(finished):
        raise AssertionError("finished(1) should be 3")
    assert "✘ finished: finished(1) should be 3" in capsys.readouterr().out


def test_error_of_an_answer_is_described_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with check(ratio=1.0):
        1 / 0  # noqa: B018
    assert "! ratio stopped: ZeroDivisionError: division by zero" in capsys.readouterr().out


def test_unfinished_answer_is_not_called_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with check(stub):
        assert stub(1) == 2, "wrong"
    output = capsys.readouterr().out
    assert "stub is not finished yet" in output
    assert "wrong" not in output


@pytest.mark.usefixtures("graded")
def test_failing_test_raises_while_graded() -> None:
    with pytest.raises(AssertionError, match="should be 3"), check(finished):
        raise AssertionError("should be 3")


@pytest.mark.usefixtures("graded")
def test_unfinished_answer_raises_while_graded() -> None:
    with pytest.raises(AssertionError), check(stub):
        assert stub(1) == 2


def test_cell_that_needs_an_unfinished_answer_says_which(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with needs(finished, stub):
        stub(1) + 1
    assert capsys.readouterr().out.strip() == "… This cell waits for your answer to stub."


@pytest.mark.usefixtures("graded")
def test_cell_that_needs_an_unfinished_answer_does_not_raise_while_graded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with needs(best={"l1": None}):
        raise TypeError("None")
    assert "waits for your answer to best" in capsys.readouterr().out


def test_cell_with_a_finished_but_failing_answer_shows_the_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with needs(finished):
        finished("a")  # type: ignore[arg-type]
    assert "! This cell stopped: TypeError" in capsys.readouterr().out


def test_missing_return_is_suspected_where_a_none_turns_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with needs(finished):
        stub(1) + 1
    assert "does an answer lack its return?" in capsys.readouterr().out


@pytest.mark.usefixtures("graded")
def test_cell_with_a_failing_answer_raises_while_graded() -> None:
    with pytest.raises(TypeError), needs(finished):
        finished("a")  # type: ignore[arg-type]


def test_html_card_escapes_what_a_student_wrote() -> None:
    page = Card("failed", "<script>alert(1)</script>", "<b>")._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page.replace('<b style="', "")


@pytest.mark.parametrize("kind", Card.STYLES)
def test_kinds_of_cards_are_told_apart_without_colour(kind: str) -> None:
    others = [symbol for name, (symbol, _) in Card.STYLES.items() if name != kind]
    assert Card.STYLES[kind][0] not in others


@pytest.mark.usefixtures("graded")
def test_being_graded_follows_the_environment() -> None:
    assert being_graded()
