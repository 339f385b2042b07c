"""The rehearsal: what the instructor's own solution shows of the tests, before any student's.

Most tests are run in a process apart from the answers. Some cannot be: those that replace what an
answer uses, or that look at what cannot cross as plain data. Such a test fails apart from its own
solution and holds beside it. It is nobody's zero: a person gives the points, unless the instructor
has it run beside the answers, where they can be forged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from course.grading.assignment import Cell, MasterNotebook, Role
from course.grading.hearing import Hearing
from course.grading.session import Rules

Grade = Callable[[Sequence[Cell], Mapping[str, bytes], Rules], Hearing]


@dataclass(frozen=True)
class Rehearsal:
    """Hold what is to know of one notebook; tests are named by their cells.

    Those `not_apart` hold for the solution only if they are run beside it. For those `unsolved` it
    does not get all points at all. `faults` says of given cells how they fail.
    """

    not_apart: tuple[str, ...] = ()
    unsolved: tuple[str, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    def rules(self, *, beside: bool) -> Rules:
        """Return how tests are run: those that cannot be apart are judged by hand or `beside`."""
        return Rules(beside=self.not_apart) if beside else Rules(by_hand=self.not_apart)

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


def rehearse(grade: Grade, master: MasterNotebook) -> Rehearsal:
    """Have the solution in `master` graded by `grade`: `Grader.grade`, whose errors it raises."""
    apart = grade(master.cells, {}, Rules())
    scores = _scores(apart)
    tests = [cell for cell in master.cells if scores.get(cell.name, cell.points) < cell.points]
    if not tests:
        return Rehearsal(faults=apart.faults)
    others = [cell for cell in master.cells if cell.role is Role.TEST and cell not in tests]
    cells = [cell for cell in master.cells if cell not in others]
    beside = _scores(grade(cells, {}, Rules(beside=tuple(cell.name for cell in tests))))
    return Rehearsal(
        tuple(cell.name for cell in tests if beside[cell.name] > scores[cell.name]),
        tuple(cell.name for cell in tests if beside[cell.name] < cell.points),
        apart.faults,
    )


def _scores(hearing: Hearing) -> dict[str, float]:
    return {judgement.test: judgement.score for judgement in hearing.judgements}


class Rehearsals:
    """Rehearse each notebook once, in whichever thread comes first."""

    def __init__(self, known: Mapping[str, Rehearsal]) -> None:
        self._found, self._lock = dict(known), Lock()

    def of(self, master: MasterNotebook, rehearse: Callable[[], Rehearsal]) -> Rehearsal:
        """Return what is known of a notebook, if need be by calling `rehearse`."""
        with self._lock:
            if master.name not in self._found:
                self._found[master.name] = rehearse()
            return self._found[master.name]

    def all(self) -> dict[str, Rehearsal]:
        """Return what is known by now, by the names of the notebooks."""
        with self._lock:
            return dict(self._found)
