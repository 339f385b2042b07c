"""No number in the text of a lesson contradicts what was measured."""

from dataclasses import replace

import pytest

from claims.bounds import Estimate, about
from claims.claim import Claim, Lesson, read_lesson
from claims.evidence import Evidence
from claims.prose import contradictions, number, passages, plain, unexplained


def test_lesson_says_what_the_claim_says(lesson: Lesson, claim: Claim, evidence: Evidence) -> None:
    found = evidence.get(lesson.digest(claim))
    if found is not None:  # else another test says so
        assert list(contradictions(lesson, claim, found)) == []


def test_every_number_that_looks_measured_is_one_of_a_claim(lesson: Lesson) -> None:
    assert list(unexplained(lesson)) == []


def test_every_setting_stands_in_the_lesson(lesson: Lesson) -> None:
    text = " ".join(passage.text for passage in passages(lesson))
    assert [phrase for phrase in lesson.settings if phrase not in text] == []


@pytest.fixture
def l1_gain() -> tuple[Lesson, Claim]:
    """Provide a lesson and its claim of what L1 gains on test pictures."""
    lesson = read_lesson("norm_penalties")
    [claim] = [each for each in lesson.claims if each.statement.startswith("L1 gains")]
    return lesson, claim


def test_another_number_in_the_text_is_a_contradiction(l1_gain: tuple[Lesson, Claim]) -> None:
    lesson, claim = l1_gain
    changed = replace(claim, bound=about(60, errors=3))
    assert any(
        "is about 60" in words for words in contradictions(lesson, changed, Estimate((6.0,)))
    )


def test_a_phrase_that_is_not_there_is_a_contradiction(l1_gain: tuple[Lesson, Claim]) -> None:
    lesson, claim = l1_gain
    changed = replace(claim, says=("a gain of {5.4} miles",))
    [words] = contradictions(lesson, changed, Estimate((6.0,)))
    assert "does not say 'a gain of 5.4 miles'" in words


def test_another_standard_error_in_the_text_is_a_contradiction(
    l1_gain: tuple[Lesson, Claim],
) -> None:
    lesson, claim = l1_gain
    changed = replace(claim, says=("± {2}",))
    wrong = list(contradictions(lesson, changed, Estimate((5.0, 6.0, 7.0))))
    assert any("the standard error is 0.58" in words for words in wrong)


def test_number_of_a_claim_that_is_gone_is_unexplained(l1_gain: tuple[Lesson, Claim]) -> None:
    lesson, claim = l1_gain
    without = replace(lesson, claims=tuple(each for each in lesson.claims if each != claim))
    assert any(words.startswith("test-reading: 5.4 in") for words in unexplained(without))


@pytest.mark.parametrize(
    ("written", "value"), [("1,500", 1500), ("−5", -5), ("0.7", 0.7), ("Nine", 9), ("half a", 0.5)]
)
def test_numbers_are_read_in_digits_and_in_words(written: str, value: float) -> None:
    assert number(written) == value


def test_plain_phrase_has_no_braces() -> None:
    assert plain("it was {0.3} ± {0.7} points") == "it was 0.3 ± 0.7 points"
