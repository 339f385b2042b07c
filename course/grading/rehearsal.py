"""The rehearsal: what the instructor's own solution shows of the tests, before any student's.

Most tests are run in a process apart from the answers. Some cannot be: those that replace what an
answer uses, or that look at what cannot cross as plain data. Such a test fails apart from its own
solution and holds beside it. It is nobody's zero: a person gives the points, unless the instructor
has it run beside the answers, where they can be forged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from course.grading.assignment import Cell, MasterNotebook
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


def rehearse(grade: Grade, master: MasterNotebook, *, beside: bool) -> Rehearsal:
    """Have the solution in `master` graded by `grade`: `Grader.grade`, whose errors it raises.

    It ends with the rules by which students will be graded: what one test leaves behind, another
    may need.
    """
    found = Rehearsal()
    while True:
        hearing = grade(master.cells, {}, found.rules(beside=beside))
        scores = _scores(hearing)
        lost = [
            cell.name
            for cell in master.cells
            if scores.get(cell.name, cell.points) < cell.points
            and (beside or cell.name not in found.not_apart)
        ]
        helped = _find_helped(grade, master, scores, lost) - set(found.not_apart)
        if not helped:
            return Rehearsal(found.not_apart, tuple(lost), hearing.faults)
        names = {*found.not_apart, *helped}
        found = Rehearsal(tuple(cell.name for cell in master.cells if cell.name in names))


def _find_helped(
    grade: Grade, master: MasterNotebook, scores: Mapping[str, float], lost: Sequence[str]
) -> set[str]:
    """Return which of the `lost` tests hold beside the solution better than the scores say."""
    if not lost:
        return set()
    others = tuple(name for name in scores if name not in lost)
    beside = _scores(grade(master.cells, {}, Rules(by_hand=others, beside=tuple(lost))))
    return {name for name in lost if beside[name] > scores[name]}


def _scores(hearing: Hearing) -> dict[str, float]:
    return {judgement.test: judgement.score for judgement in hearing.judgements}


class Rehearsals:
    """Rehearse each notebook once, in whichever thread comes first.

    What is `known` is not found out again; `keep` is called with all that is known when there is
    something new. An error is raised again for whoever comes next.
    """

    def __init__(
        self, known: Mapping[str, Rehearsal], keep: Callable[[Mapping[str, Rehearsal]], None]
    ) -> None:
        self._found, self._keep, self._lock = dict(known), keep, Lock()
        self._error: Exception | None = None

    def of(self, master: MasterNotebook, rehearse: Callable[[], Rehearsal]) -> Rehearsal:
        """Return what is known of a notebook, if need be by calling `rehearse`."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if master.name not in self._found:
                try:
                    self._found[master.name] = rehearse()
                except Exception as error:
                    self._error = error
                    raise
                self._keep(self._found)
            return self._found[master.name]

    def all(self) -> dict[str, Rehearsal]:
        """Return what is known by now, by the names of the notebooks."""
        with self._lock:
            return dict(self._found)
