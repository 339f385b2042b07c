"""Where the machine fails a grader, another one takes its place."""

from collections.abc import Iterator

import pytest

from course.errors import CourseError
from course.grading.engine import assignment_grader
from course.grading.engine.assignment_grader import TRIES, RestartingGrader
from course.grading.engine.options import GradingOptions
from course.grading.engine.referee_client import Ungraded
from course.grading.inside.protocol import ServerDied
from course.grading.intake.files import Files
from course.grading.model.cells import MasterNotebook
from course.grading.model.findings import Findings
from course.grading.model.rehearsal import Rules

FOUND = Findings((), {})


class Machine:
    """Start graders that fail as they are told to, and count them."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.started = self.running = 0

    def __call__(self, *_: object) -> "Machine":
        return self

    def __enter__(self) -> "Machine":
        self.started += 1
        self.running += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.running -= 1

    def grade(self, *_: object) -> Findings:
        if self.errors:
            raise self.errors.pop(0)
        return FOUND


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine()
    monkeypatch.setattr(assignment_grader, "Grader", made)
    yield made
    assert made.running == 0


def grade(times: int = 1) -> Findings:
    """Have as many submissions graded by one grader, and return what is found in the last."""
    master = MasterNotebook("toy", (), {}, ())
    with RestartingGrader(master, GradingOptions(), Files()) as grader:
        found = [grader.grade((), {}, Rules()) for _ in range(times)]
    return found[-1]


@pytest.mark.parametrize("error", [Ungraded("no memory"), OSError("no file"), ServerDied("gone")])
def test_what_the_machine_did_is_tried_again_with_another_grader(
    machine: Machine, error: Exception
) -> None:
    machine.errors = [error] * (TRIES - 1)
    assert grade() is FOUND
    assert machine.started == TRIES


def test_after_some_attempts_the_error_is_raised(machine: Machine) -> None:
    machine.errors = [Ungraded(f"try {number}") for number in range(1, TRIES + 1)]
    with pytest.raises(Ungraded, match=f"try {TRIES}"):
        grade()


def test_the_next_submission_finds_a_grader_that_works(machine: Machine) -> None:
    machine.errors = [Ungraded("no memory")]
    assert grade(times=3) is FOUND
    assert machine.started == 2


def test_what_is_wrong_with_a_submission_is_not_tried_again(machine: Machine) -> None:
    machine.errors = [CourseError("no notebook"), CourseError("never raised")]
    with pytest.raises(CourseError, match="no notebook"):
        grade()
    assert machine.started == 1
