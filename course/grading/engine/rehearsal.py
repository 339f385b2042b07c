"""The rehearsal: what the instructor's own solution shows of the tests, before any student's.

Most tests are run in a process apart from the answers. Some cannot be: those that replace what an
answer uses, or that look at what cannot cross as plain data. Such a test fails apart from its own
solution and holds beside it. It is nobody's zero: a person gives the points, unless the instructor
has it run beside the answers, where they can be forged.
"""

from collections.abc import Callable, Mapping, Sequence

from course.grading.model.cells import Cell, MasterNotebook
from course.grading.model.findings import Findings
from course.grading.model.rehearsal import Rehearsal, Rules

Grade = Callable[[Sequence[Cell], Mapping[str, bytes], Rules], Findings]


def rehearse(grade: Grade, master: MasterNotebook, *, allow_beside: bool) -> Rehearsal:
    """Have the solution in `master` graded by `grade`: `Grader.grade`, whose errors it raises.

    It ends with the rules by which students will be graded: what one test leaves behind, another
    may need.
    """
    found = Rehearsal()
    # It ends, as each round finds more tests that cannot be run apart, or is the last.
    while True:
        findings = grade(master.cells, {}, found.rules(allow_beside=allow_beside))
        scores = _scores(findings)
        lost = [
            cell.name for cell in master.cells if scores.get(cell.name, cell.points) < cell.points
        ]
        # Tests that wait for a person have no points to lose.
        if not allow_beside:
            lost = [name for name in lost if name not in found.not_apart]

        helped = _find_helped(grade, master, scores, lost) - set(found.not_apart)
        if not helped:
            return Rehearsal(found.not_apart, tuple(lost), findings.faults)
        names = {*found.not_apart, *helped}
        found = Rehearsal(tuple(cell.name for cell in master.cells if cell.name in names))


def _find_helped(
    grade: Grade, master: MasterNotebook, scores: Mapping[str, float], lost: Sequence[str]
) -> set[str]:
    """Return which of the `lost` tests hold beside the solution better than the scores say."""
    if not lost:
        return set()
    # The others have been judged: they are left out, for which "by hand" is as good as any.
    others = tuple(name for name in scores if name not in lost)
    beside = _scores(grade(master.cells, {}, Rules(by_hand=others, run_beside=tuple(lost))))
    return {name for name in lost if beside[name] > scores[name]}


def _scores(findings: Findings) -> dict[str, float]:
    return {judgement.test: judgement.score for judgement in findings.judgements}
