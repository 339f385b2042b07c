"""What a number over seeds has to be like for a claim to be true."""

import math
from dataclasses import dataclass, replace
from statistics import fmean, stdev
from typing import Literal

Of = Literal["mean", "every", "nearly every"]
SHARES = {"every": 1.0, "nearly every": 0.8}  # of the seeds, that are within the bounds


@dataclass(frozen=True)
class Estimate:
    """A quantity measured over seeds: its values, or one value alone, without a standard error."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Return the mean over the seeds."""
        return fmean(self.values)

    @property
    def standard_error(self) -> float | None:
        """Return the standard error of the mean; None for a single value."""
        count = len(self.values)
        return stdev(self.values) / math.sqrt(count) if count > 1 else None

    def agrees_with(self, other: "Estimate", *, errors: float) -> bool:
        """Tell whether two means differ by at most so many standard errors of their difference.

        Both are taken to scatter alike, as in Student's t-test: few values alone tell little of it.
        """
        groups = (self.values, other.values)
        squares = sum((value - fmean(group)) ** 2 for group in groups for value in group)
        variance = squares / max(sum(map(len, groups)) - 2, 1)
        error = math.sqrt(variance * sum(1 / len(group) for group in groups))
        return abs(self.mean - other.mean) <= errors * error + 1e-9


@dataclass(frozen=True)
class Bound:
    """Numbers that a mean, or the value of every seed, lies between.

    `low_errors` and `high_errors` move the ends by so many standard errors of the mean, upwards.
    With `inclusive` an end itself is within.
    """

    low: float = -math.inf
    high: float = math.inf
    low_errors: float = 0
    high_errors: float = 0
    of: Of = "mean"
    inclusive: bool = False

    def holds(self, found: Estimate) -> bool:
        """Tell whether `found` is within; of single values, a large enough share of them."""
        if self.of == "mean":
            return self._contains(found.mean, found.standard_error or 0)
        within = [self._contains(value, 0) for value in found.values]
        return sum(within) >= SHARES[self.of] * len(within)

    def _contains(self, value: float, error: float) -> bool:
        low, high = self.low + self.low_errors * error, self.high + self.high_errors * error
        return low < value < high or (self.inclusive and value in (low, high))

    def nearly(self) -> "Bound":
        """Return this bound for nearly every seed."""
        return replace(self, of="nearly every")

    @property
    def numbers(self) -> set[float]:
        """Return the numbers that this speaks of: its ends, and what lies in their middle."""
        ends = {end for end in (self.low, self.high) if math.isfinite(end)}
        return ends | ({fmean(ends)} if len(ends) == 2 else set())

    def __str__(self) -> str:
        """Return the bound in words."""
        subject = "" if self.of == "mean" else f"{self.of} seed "
        return subject + self._words()

    def _words(self) -> str:
        upper, lower = ("at most", "at least") if self.inclusive else ("below", "above")
        errors = _errors(self.high_errors)
        if self.low == -math.inf:
            return f"{upper} {self.high:g}{errors}"
        if self.high == math.inf:
            return f"{lower} {self.low:g}{_errors(self.low_errors)}"
        if self.low == self.high and not errors:
            return f"exactly {self.low:g}"
        if not errors:
            return f"between {self.low:g} and {self.high:g}"
        middle, slack = fmean((self.low, self.high)), (self.high - self.low) / 2
        return f"{middle:g} ±{f' {slack:g} +' if slack else ''}{errors.removeprefix(' +')}"


def _errors(count: float) -> str:
    if not count:
        return ""
    noun = "standard error" if abs(count) == 1 else "standard errors"
    return f" {'+' if count > 0 else '-'} {abs(count):g} {noun}"


def above(low: float, *, errors: float = 0) -> Bound:
    """Return: the mean is above `low` by more than so many standard errors."""
    return Bound(low=low, low_errors=errors)


def below(high: float, *, errors: float = 0) -> Bound:
    """Return: the mean is below `high` by more than so many standard errors."""
    return Bound(high=high, high_errors=-errors)


def not_above(high: float, *, errors: float = 0) -> Bound:
    """Return: the mean is not above `high` by more than so many standard errors."""
    return Bound(high=high, high_errors=errors, inclusive=True)


def not_below(low: float, *, errors: float = 0) -> Bound:
    """Return: the mean is not below `low` by more than so many standard errors."""
    return Bound(low=low, low_errors=-errors, inclusive=True)


def between(low: float, high: float) -> Bound:
    """Return: the mean is between the two."""
    return Bound(low, high)


def about(value: float, *, errors: float = 0, slack: float = 0) -> Bound:
    """Return: the mean is within `slack` and so many standard errors of `value`."""
    return Bound(value - slack, value + slack, -errors, errors)


def each(bound: Bound, *, nearly: bool = False) -> Bound:
    """Return `bound` for the value of each seed (or four in five) in place of their mean."""
    of: Of = "nearly every" if nearly else "every"
    return Bound(bound.low, bound.high, of=of, inclusive=bound.inclusive)


def exactly(value: float) -> Bound:
    """Return: every seed has this value."""
    return Bound(value, value, of="every", inclusive=True)


def at_least(low: float) -> Bound:
    """Return: the mean is this or more."""
    return Bound(low=low, inclusive=True)
