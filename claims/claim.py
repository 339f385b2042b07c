"""A claim: what a lesson says, how it is measured, and what makes it true."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import version

from claims.bounds import Bound, Estimate
from claims.dependencies import (
    data_of_helpers,
    describe,
    digest,
    functions_of,
    method_names,
    place_of,
    reached,
)
from claims.method import Method
from claims.study import Study
from course.errors import CourseError

SEEDS = range(1000, 1010)  # the lessons use others
DIGITS = 4  # significant ones, that the evidence keeps
Statistic = Callable[[Study], Sequence[float] | float]


@dataclass(frozen=True)
class Claim:
    """What a lesson says in a section of it, and the quantity and the bound that make it true.

    `statistic` returns a value for each seed, or one for all; it is a function at the top of a
    module of `claims`, or a `functools.partial` of one. `says` are phrases of the lesson, word for
    word, with the numbers that this claim is about in braces: "a gain of {6} points".
    """

    statement: str
    section: int
    statistic: Statistic
    bound: Bound
    says: tuple[str, ...] = ()
    seeds: range = SEEDS

    def measure(self, study: Study) -> Estimate:
        """Return what `study` says of the claim, rounded as the evidence keeps it."""
        found = self.statistic(study)
        values = [found] if isinstance(found, float | int) else found
        return Estimate(tuple(float(f"{value:.{DIGITS}g}") for value in values))


@dataclass(frozen=True)
class Lesson:
    """The claims of a lesson, and the phrases with numbers in it that are no measurements."""

    name: str
    claims: tuple[Claim, ...]
    settings: tuple[str, ...] = ()

    @cached_property
    def method(self) -> Method:
        """Return what the lesson's own cells define."""
        return Method(self.name)

    def study(self, seeds: range) -> Study:
        """Return a study of this lesson in which nothing is measured yet."""
        return Study(self.method, seeds)

    def digest(self, claim: Claim) -> str:
        """Return what changes when something changes that the evidence for `claim` rests on.

        That is the code that measures and trains, the lesson's method and parameters, the data,
        the seeds, and torch's major version; not the bound, nor what is said.
        """
        code = reached(map(place_of, functions_of(claim.statistic)))
        cells = reached(self.method.places(sorted(method_names(code))))
        major = version("torch").split(".")[0]
        others = describe(claim.statistic), str(claim.seeds), self.method.parameters, major
        return digest([*code, *cells], data_of_helpers(), *others)

    def digests(self) -> list[tuple[Claim, str]]:
        """Return each claim with its digest."""
        return [(claim, self.digest(claim)) for claim in self.claims]


def read_lesson(name: str) -> Lesson:
    """Return the lesson as `claims/lessons/<name>.py` has it."""
    try:
        module = import_module(f"claims.lessons.{name}")
    except ModuleNotFoundError as error:
        raise CourseError(f"claims/lessons/{name}.py: missing; write the claims") from error
    return Lesson(name, tuple(module.CLAIMS), tuple(module.SETTINGS))


def read_lessons(names: Iterable[str]) -> list[Lesson]:
    """Return the lessons of these names."""
    return [read_lesson(name) for name in names]
