"""What a judge finds in the attempts at an exercise makes its proof, or its faults."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.findings import Findings
from course.grading.model.judgement import Failure, Judgement
from course.grading.model.results import Verdict
from course.proof.answers import Answer
from course.proof.attempts import Attempt, Exercise, find_exercises, try_answers
from course.proof.proofs import ENOUGH_RIGHT, ENOUGH_WRONG, Proof
from tests.toy import TEST_DOUBLE

VISIBLE, HIDDEN = 1, 3  # lines of `TEST_DOUBLE`
FOUR = "double(2) should be 4"
RIGHT = Answer("double", Path("exercises/double/right_plus.py"), "double = 'right'", None)
WRONG = Answer("double", Path("exercises/double/wrong_identity.py"), "double = 'wrong'", FOUR)


def given(source: str) -> Cell:
    return Cell(Role.GIVEN, "", "code", source)


def answer(name: str) -> Cell:
    return Cell(Role.ANSWER, name, "code", f"{name} = 'solved'", (name,))


def question(name: str) -> Cell:
    return Cell(Role.TEST, f"test_{name}", "code", TEST_DOUBLE, points=2.0)


def master(*cells: Cell) -> MasterNotebook:
    return MasterNotebook("toy", cells, {}, ())


def failure(line: int, message: str, verdict: Verdict = Verdict.FAILED) -> Failure:
    return Failure(line, verdict, message)


def attempt_that_finds(*failures: Failure, credit: float | None = None) -> Attempt:
    """Return an attempt whose judge finds these failures."""

    def judge(cells: Sequence[Cell]) -> Findings:
        return Findings((Judgement("test_double", 2.0, failures, credit=credit),), {})

    [exercise] = find_exercises(MASTER)
    [attempt] = try_answers(judge, MASTER, exercise, [WRONG])
    return attempt


MASTER = master(answer("double"), question("double"))


# --- exercises ---


def test_an_exercise_has_the_tests_up_to_the_next_answer() -> None:
    cells = (answer("a"), given("1"), question("a"), given("2"), question("b"), answer("c"))
    assert find_exercises(master(*cells)) == [Exercise("a", ("test_a", "test_b"))]


def test_tests_after_several_answers_are_for_all_of_them() -> None:
    cells = (answer("a"), answer("b"), question("both"), answer("c"), question("c"))
    both, one = ("test_both",), ("test_c",)
    expected = [Exercise("a", both), Exercise("b", both), Exercise("c", one)]
    assert find_exercises(master(*cells)) == expected


# --- attempts ---


def test_what_is_judged_is_the_notebook_as_far_as_the_tests_with_the_answer_in_its_place() -> None:
    judged: list[Sequence[Cell]] = []

    def judge(cells: Sequence[Cell]) -> Findings:
        judged.append(cells)
        return Findings((), {})

    before = (given("1"), answer("halve"), question("halve"), given("2"))
    after = (given("3"), answer("triple"), question("triple"))
    notebook = master(*before, answer("double"), question("double"), *after)
    _, exercise, _ = find_exercises(notebook)
    list(try_answers(judge, notebook, exercise, [WRONG]))
    written = replace(answer("double"), source=WRONG.source)
    kept = (given("1"), answer("halve"), given("2"), written, question("double"))
    assert judged == [kept]


def test_an_answer_without_failures_is_caught_by_nothing() -> None:
    assert attempt_that_finds() == Attempt(WRONG, "nothing")


@pytest.mark.parametrize(
    ("failures", "catcher"),
    [
        ([failure(VISIBLE, FOUR), failure(HIDDEN, "more")], "visible tests"),
        ([failure(HIDDEN, FOUR)], "hidden tests"),
        ([failure(HIDDEN, FOUR, Verdict.ERROR)], "hidden tests"),
        ([failure(0, FOUR, Verdict.TIMEOUT)], "visible tests"),
        ([failure(0, FOUR, Verdict.CRASHED)], "visible tests"),
    ],
)
def test_hidden_tests_catch_what_no_visible_one_does(failures: list[Failure], catcher: str) -> None:
    attempt = attempt_that_finds(*failures)
    assert (attempt.caught_by, attempt.message) == (catcher, FOUR)


def test_an_answer_that_gets_some_of_the_points_is_caught() -> None:
    assert attempt_that_finds(credit=1.0).caught_by == "visible tests"


@pytest.mark.parametrize(
    ("attempt", "fault"),
    [
        (Attempt(RIGHT, "nothing"), None),
        (Attempt(WRONG, "visible tests", f"{FOUR}, not 2"), None),
        (Attempt(WRONG, "hidden tests", FOUR), None),
        (Attempt(RIGHT, "visible tests", FOUR), f"right_plus.py: right, but rejected ({FOUR})"),
        (Attempt(WRONG, "nothing"), "wrong_identity.py: wrong, but accepted; add a test"),
        (
            Attempt(WRONG, "visible tests", "no"),
            f"wrong_identity.py: is told 'no' instead of '{FOUR}'",
        ),
    ],
)
def test_what_fools_the_tests_is_a_fault(attempt: Attempt, fault: str | None) -> None:
    if fault is None:
        assert attempt.fault is None
    else:
        assert attempt.fault is not None
        assert attempt.fault.startswith(f"exercises/double/{fault}")


# --- proofs ---


def proof(right: int, wrong: int, *more: Attempt) -> Proof:
    attempts = [Attempt(RIGHT, "nothing")] * right + [Attempt(WRONG, "visible tests", FOUR)] * wrong
    return Proof("toy", "double", Path("exercises/double"), (*attempts, *more))


def test_enough_answers_that_are_treated_as_they_should_be_are_a_proof() -> None:
    found = proof(ENOUGH_RIGHT, ENOUGH_WRONG)
    assert found.faults == []
    assert (found.right_accepted, found.wrong_rejected) == (ENOUGH_RIGHT, ENOUGH_WRONG)


@pytest.mark.parametrize(("right", "wrong"), [(ENOUGH_RIGHT - 1, ENOUGH_WRONG), (3, 5)])
def test_too_few_answers_are_a_fault(right: int, wrong: int) -> None:
    expected = f"exercises/double: has {right} right and {wrong} wrong answers; write at least 3"
    [fault] = proof(right, wrong).faults
    assert fault.startswith(expected)


def test_answers_that_only_hidden_tests_catch_are_named() -> None:
    found = proof(3, 6, Attempt(WRONG, "hidden tests", FOUR))
    assert (found.faults, found.only_hidden) == ([], ["wrong_identity"])


def test_a_fooled_test_is_not_counted() -> None:
    found = proof(3, 6, Attempt(RIGHT, "visible tests", FOUR), Attempt(WRONG, "nothing"))
    assert len(found.faults) == 2
    assert (len(found.right), found.right_accepted) == (4, 3)
    assert (len(found.wrong), found.wrong_rejected) == (7, 6)
