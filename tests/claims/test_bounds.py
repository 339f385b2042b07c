"""A bound tells true from false as its words say."""

import pytest

from claims.bounds import (
    Bound,
    Estimate,
    about,
    above,
    at_least,
    below,
    between,
    each,
    exactly,
    not_above,
    not_below,
)

SIX = Estimate((5.0, 6.0, 7.0))  # the standard error is 0.58


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (above(5), True),
        (above(6), False),
        (above(5, errors=1), True),
        (above(5, errors=2), False),
        (below(7, errors=1), True),
        (below(7, errors=2), False),
        (not_above(5.5), False),
        (not_above(5.5, errors=1), True),
        (not_below(6.5), False),
        (not_below(6.5, errors=1), True),
        (at_least(6), True),
        (between(5, 7), True),
        (between(6.5, 7), False),
        (about(7, errors=1), False),
        (about(7, errors=2), True),
        (about(7, errors=1, slack=0.5), True),
        (each(above(4)), True),
        (each(above(5)), False),
        (each(above(5), nearly=True), False),
        (exactly(6), False),
    ],
    ids=str,
)
def test_bound_holds(bound: Bound, holds: bool) -> None:
    assert bound.holds(SIX) == holds


def test_nearly_every_seed_is_four_in_five() -> None:
    bound = each(above(0), nearly=True)
    assert bound.holds(Estimate((1.0, 1.0, 1.0, 1.0, -1.0)))
    assert not bound.holds(Estimate((1.0, 1.0, 1.0, -1.0, -1.0)))


def test_exactly_wants_the_value_of_every_seed() -> None:
    assert exactly(1).holds(Estimate((1.0, 1.0)))
    assert not exactly(1).holds(Estimate((0.5, 1.5)))


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (above(0, errors=1), "above 0 + 1 standard error"),
        (below(0, errors=3), "below 0 - 3 standard errors"),
        (about(6, errors=3), "6 ± 3 standard errors"),
        (about(6, errors=3, slack=0.5), "6 ± 0.5 + 3 standard errors"),
        (between(72, 82), "between 72 and 82"),
        (each(above(0)), "every seed above 0"),
        (exactly(1), "every seed exactly 1"),
        (not_above(0, errors=1), "at most 0 + 1 standard error"),
    ],
)
def test_bound_in_words(bound: Bound, words: str) -> None:
    assert str(bound) == words


def test_number_of_a_bound_is_its_end_or_its_middle() -> None:
    assert about(6, errors=3).numbers == {6}
    assert between(1, 2).numbers == {1, 1.5, 2}
    assert above(0, errors=1).numbers == {0}


def test_estimates_agree_within_their_errors() -> None:
    assert SIX.agrees_with(Estimate((6.5, 7.5, 8.5)), errors=2)
    assert not SIX.agrees_with(Estimate((16.0, 17.0, 18.0)), errors=4)
