"""Which tests cannot be run apart from their answers is found out from the solution."""

from collections.abc import Callable

from course.grading.engine.rehearsal import rehearse
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Findings
from course.grading.model.judgement import Judgement
from course.grading.model.rehearsal import Rehearsal, Rules

TESTS = ("test_1", "test_2")


def solution(scores: Callable[[Rules], dict[str, float]]) -> Rehearsal:
    """Rehearse two tests, of which `scores` tells the points under given rules."""
    cells = tuple(Cell(Role.TEST, name, "code", "", points=1.0) for name in TESTS)

    def grade(_: object, __: object, rules: Rules) -> Findings:
        found = dict.fromkeys(rules.by_hand, 0.0) | scores(rules)
        judgements = (Judgement(name, 1.0, (), credit=found[name]) for name in TESTS)
        return Findings(tuple(judgements), {})

    return rehearse(grade, MasterNotebook("toy", cells, {}, ()), allow_beside=False)


def test_what_holds_is_judged_apart() -> None:
    assert solution(lambda rules: dict.fromkeys(TESTS, 1.0)) == Rehearsal()


def test_a_test_that_holds_nowhere_is_unsolved() -> None:
    found = solution(lambda rules: {"test_1": 0.0, "test_2": 1.0})
    assert found == Rehearsal(unsolved=("test_1",))


def test_what_needs_a_test_that_is_left_out_is_left_out_too() -> None:
    def scores(rules: Rules) -> dict[str, float]:
        second = "test_1" not in rules.by_hand or "test_2" in rules.run_beside
        return {"test_1": float("test_1" in rules.run_beside), "test_2": float(second)}

    assert solution(scores) == Rehearsal(not_apart=TESTS)
