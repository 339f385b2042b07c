"""Every exercise of the course is proven: right answers pass, wrong ones fail and are told why."""

import pytest

from course.proof.proofs import ENOUGH_RIGHT, ENOUGH_WRONG, Proof, prove
from tests.this_course import COURSE, exercises

pytestmark = pytest.mark.slow

EXERCISES = [name for lesson in COURSE.lessons for name in exercises(lesson)]


@pytest.fixture(scope="module")
def proofs() -> dict[str, Proof]:
    return {proof.exercise: proof for proof in prove(COURSE)}


@pytest.mark.parametrize("exercise", EXERCISES)
def test_right_answers_pass_and_wrong_ones_fail_with_their_message(
    proofs: dict[str, Proof], exercise: str
) -> None:
    assert proofs[exercise].faults == []
    assert proofs[exercise].right_accepted >= ENOUGH_RIGHT
    assert proofs[exercise].wrong_rejected >= ENOUGH_WRONG


def test_no_answers_are_left_over_from_an_exercise_that_is_gone() -> None:
    folders = {folder.name for folder in COURSE.answers.iterdir() if folder.is_dir()}
    assert folders == set(EXERCISES)
