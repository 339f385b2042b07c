"""What is proven of each exercise, and what is not: `course prove` shows it as a table."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from course.checks.masters import Master, read_masters
from course.cores import count_cores, thread_limits
from course.errors import CourseError
from course.layout import Course
from course.notebooks import grading, is_answer
from course.processes import run_apart
from course.proof.answers import read_answers
from course.proof.workbench import Trial, try_answers

ENOUGH_RIGHT, ENOUGH_WRONG = 3, 6


@dataclass(frozen=True)
class Proof:
    """Hold the trials of the answers to one exercise."""

    lesson: str
    exercise: str
    trials: tuple[Trial, ...]

    @property
    def right(self) -> list[Trial]:
        """Return the trials of right answers."""
        return [trial for trial in self.trials if trial.answer.is_right]

    @property
    def wrong(self) -> list[Trial]:
        """Return the trials of wrong answers."""
        return [trial for trial in self.trials if not trial.answer.is_right]

    @property
    def right_accepted(self) -> int:
        """Count the right answers that pass all tests."""
        return sum(trial.caught_by == "nothing" for trial in self.right)

    @property
    def wrong_rejected(self) -> int:
        """Count the wrong answers that fail a test."""
        return sum(trial.caught_by != "nothing" for trial in self.wrong)

    @property
    def only_hidden(self) -> list[str]:
        """Name the wrong answers that students believe to be right: only hidden tests fail them."""
        return [t.answer.file.stem for t in self.wrong if t.caught_by == "hidden tests"]

    @property
    def faults(self) -> list[str]:
        """Say in a line each what keeps the exercise from being proven."""
        faults = [trial.fault for trial in self.trials if trial.fault is not None]
        if len(self.right) < ENOUGH_RIGHT or len(self.wrong) < ENOUGH_WRONG:
            faults.append(
                f"tests/exercises/{self.exercise}: has {len(self.right)} right and "
                f"{len(self.wrong)} wrong answers; write at least {ENOUGH_RIGHT} and {ENOUGH_WRONG}"
            )
        return faults


def prove(course: Course, only: list[str] | None = None) -> list[Proof]:
    """Try all answers to the exercises of the lessons in `only`, or of all, in their order.

    Raises `CourseError` for an unknown lesson, an unreadable or failing master, or a file among the
    answers that is not one.
    """
    chosen = course.select(only)
    masters, problems = read_masters(course)
    if problems:
        raise CourseError(str(problems[0]))
    masters = [master for master in masters if master.lesson in chosen]
    results: dict[str, list[Proof]] = {}
    jobs = min(count_cores(), len(masters))
    for master, outcome in run_apart(partial(_prove_lesson, course), masters, jobs=jobs):
        if isinstance(outcome, BaseException):
            raise outcome
        results[master.lesson] = outcome
    return [proof for lesson in chosen for proof in results[lesson]]


def _prove_lesson(course: Course, master: Master) -> list[Proof]:
    os.environ |= {
        "NBGRADER_EXECUTION": "autograde",  # a failed test raises, and demonstrations are short
        "MPLBACKEND": "agg",
        # A forked child can use neither the GPU nor the threads that its parent has used.
        "CUDA_VISIBLE_DEVICES": "",
        **thread_limits(count_cores()),
    }
    return list(_proofs(course, master))


def _proofs(course: Course, master: Master) -> Iterator[Proof]:
    names = [grading(cell)["grade_id"] for cell in master.cells if is_answer(cell)]
    answers = {name: read_answers(course, name) for name in names}
    for name, trials in zip(names, try_answers(master, answers), strict=True):
        yield Proof(master.lesson, name, tuple(trials))
