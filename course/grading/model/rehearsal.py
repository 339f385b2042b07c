"""What the rehearsal of an assignment finds, and the rules for students that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rules:
    """Name the tests of which a person has to judge, and those run in the student process."""

    by_hand: tuple[str, ...] = ()
    run_beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rehearsal:
    """Hold what is to know of one notebook; tests are named by their cells.

    Those `not_apart` hold for the solution only if they are run beside it. For those `unsolved` it
    does not get all points at all. `faults` says of given cells how they fail.
    """

    not_apart: tuple[str, ...] = ()
    unsolved: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    def rules(self, *, allow_beside: bool) -> Rules:
        """Return how tests are run: those that cannot be apart wait for a person or run beside."""
        return Rules(run_beside=self.not_apart) if allow_beside else Rules(by_hand=self.not_apart)

    def warnings(self, notebook: str) -> list[str]:
        """Return in a line each what the instructor should mend."""
        lines = [
            f"the given cell {cell} fails ({error}); mend it, or tag it skip-when-grading"
            for cell, error in self.faults.items()
        ]
        lines += [
            f"{test}: the assignment's own solution does not get all its points; mend one of them"
            for test in self.unsolved
        ]
        return [f"{notebook}: {line}" for line in lines]
