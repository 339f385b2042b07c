"""What the tests of one question have found, as its referee puts it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from course.grading.model.results import AssertResult, Outcome, Verdict


@dataclass(frozen=True)
class Failure:
    """Hold one assert that did not hold, or what stopped the test cell."""

    line: int
    verdict: Verdict
    message: str
    hidden: bool = False
    detail: str = ""
    told: str = ""  # to a student, in place of the message of a hidden test
    missing: str = ""  # the name that no cell of the student's has defined


@dataclass(frozen=True)
class Judgement:
    """Hold all that the tests of one question found.

    `credit` are points that the test cell itself gives, as nbgrader has it: by its last value. The
    tests `ran_beside` the answer where the instructor has allowed that.
    """

    test: str
    points: float
    failures: tuple[Failure, ...]
    seconds: float = 0.0
    tests: tuple[AssertResult, ...] = ()
    is_weighted: bool = False
    credit: float | None = None
    ran_beside: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return how the question went: as its first failure says, if there is one."""
        return self.failures[0].verdict if self.failures else Verdict.PASSED

    @property
    def score(self) -> float:
        """Return all points or none, unless the tests have weights or the cell gives a credit."""
        if self.failures:
            return self.points * self._share_held() if self.is_weighted else 0.0
        if self.credit is None:
            return self.points
        # The credit is whatever a cell ends with: no more than all points, and no fine.
        return min(max(self.credit, 0.0), self.points)

    def _share_held(self) -> float:
        """Return the share of the tests that hold, by their weights."""
        held = sum(test.weight for test in self.tests if test.outcome is Outcome.HELD)
        return held / sum(test.weight for test in self.tests)

    def as_ended(self, verdict: Verdict | None) -> "Judgement":
        """Return this judgement with what the machine knows of the end of the student process."""
        if verdict is None or not self.failures:
            return self
        # The last failure is where the process ended; those before it were found in time.
        *others, last = self.failures
        return replace(self, failures=(*others, replace(last, verdict=verdict)))

    def because_of(self, broken: Mapping[str, Failure]) -> "Judgement":
        """Return this judgement with the cause, if it lies in a cell that broke its process."""
        missing = [failure for failure in self.failures if failure.missing in broken]
        if not missing:
            return self
        # First, as the first failure gives the verdict: a timeout tells more than a NameError.
        cause = broken[missing[0].missing]
        return replace(self, failures=(cause, *self.failures))
