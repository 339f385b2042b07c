"""What is proven of each exercise, and what is not: `course prove` shows it as a table."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from course.cores import count_cores
from course.errors import CourseError
from course.grading.engine.assignment_grader import RestartingGrader
from course.grading.engine.options import GradingOptions
from course.grading.engine.rehearsal import rehearse
from course.grading.inside.limits import Isolation
from course.grading.intake.assignment import Assignment, read_assignment
from course.grading.model.cells import Cell, MasterNotebook
from course.grading.model.findings import Findings
from course.grading.model.rehearsal import Rules
from course.layout import Course
from course.pool import Pool
from course.proof.answers import Answer, answers_folder, read_answers
from course.proof.attempts import Attempt, Exercise, find_exercises, try_answers
from course.provided import provide

ENOUGH_RIGHT, ENOUGH_WRONG = 3, 6
TIME_LIMIT = 300.0  # seconds for a cell or a question: some tests train networks


@dataclass(frozen=True)
class Proof:
    """Hold the attempts at one exercise, whose answers lie in `folder`."""

    lesson: str
    exercise: str
    folder: Path
    attempts: tuple[Attempt, ...]

    @property
    def right(self) -> list[Attempt]:
        """Return the attempts with right answers."""
        return [attempt for attempt in self.attempts if attempt.answer.is_right]

    @property
    def wrong(self) -> list[Attempt]:
        """Return the attempts with wrong answers."""
        return [attempt for attempt in self.attempts if not attempt.answer.is_right]

    @property
    def right_accepted(self) -> int:
        """Count the right answers that pass all tests."""
        return sum(attempt.caught_by == "nothing" for attempt in self.right)

    @property
    def wrong_rejected(self) -> int:
        """Count the wrong answers that fail a test."""
        return sum(attempt.caught_by != "nothing" for attempt in self.wrong)

    @property
    def only_hidden(self) -> list[str]:
        """Name the wrong answers that students believe to be right: only hidden tests fail them."""
        return [each.answer.file.stem for each in self.wrong if each.caught_by == "hidden tests"]

    @property
    def faults(self) -> list[str]:
        """Say in a line each what keeps the exercise from being proven."""
        faults = [attempt.fault for attempt in self.attempts if attempt.fault is not None]
        if len(self.right) < ENOUGH_RIGHT or len(self.wrong) < ENOUGH_WRONG:
            faults.append(
                f"{self.folder}: has {len(self.right)} right and {len(self.wrong)} wrong answers; "
                f"write at least {ENOUGH_RIGHT} and {ENOUGH_WRONG}"
            )
        return faults


@dataclass(frozen=True)
class ProofTask:
    """Hold a notebook of a lesson, and from the folder `bank` the answers to its exercises."""

    assignment: Assignment
    master: MasterNotebook
    bank: Path
    answers: dict[Exercise, list[Answer]]


def prove(course: Course, only: list[str] | None = None) -> list[Proof]:
    """Try all answers to the exercises of the lessons in `only`, or of all, in their order.

    Raises `CourseError` for an unknown lesson, a course without answers, a file among them that is
    not one, and a master that cannot be read, fails or does not pass its own tests.
    """
    tasks = [*chain.from_iterable(read_tasks(course, lesson) for lesson in course.select(only))]
    # The answers are the author's own: there is nobody to lock in.
    options = provide(course, GradingOptions(Isolation.PROCESS, time_limit=TIME_LIMIT))
    with Pool(nullcontext, min(count_cores(), len(tasks))) as pool:
        outcomes = [pool.submit(partial(_prove, task, options)) for task in tasks]
        return [*chain.from_iterable(outcome.result() for outcome in outcomes)]


def read_tasks(course: Course, lesson: str) -> Iterator[ProofTask]:
    """Yield what is to be proven of each notebook of a lesson; raises as `prove` does."""
    assignment, bank = read_assignment(course, lesson), answers_folder(course)
    for master in assignment.notebooks:
        answers = {each: read_answers(course, each.name) for each in find_exercises(master)}
        yield ProofTask(assignment, master, bank, answers)


def prove_task(task: ProofTask, grader: RestartingGrader, rules: Rules) -> list[Proof]:
    """Return the proofs of a notebook's exercises, which its `grader` judges by `rules`."""

    def judge(cells: Sequence[Cell]) -> Findings:
        return grader.grade(cells, {}, rules)

    return [
        Proof(
            task.assignment.name,
            exercise.name,
            task.bank / exercise.name,
            tuple(try_answers(judge, task.master, exercise, answers)),
        )
        for exercise, answers in task.answers.items()
    ]


def _prove(task: ProofTask, options: GradingOptions, _: None) -> list[Proof]:
    with RestartingGrader(task.master, options, task.assignment.files) as grader:
        # Tests that cannot be run apart from the answers are run as --beside runs them.
        found = rehearse(grader.grade, task.master, allow_beside=True)
        # Tests that the solution fails prove nothing of an answer that fails them, too.
        warnings = found.warnings(task.master.name)
        if warnings:
            raise CourseError(warnings[0])
        return prove_task(task, grader, found.rules(allow_beside=True))
