"""What grading finds out: the only thing that records, tables and gradebooks are made from.

`messages` are for the student, and may come from the student's code: escape them before they are
shown. `detail` texts are for the instructor alone, as they may tell of hidden tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """Say in a word how a question went."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"
    NOT_ANSWERED = "not-answered"
    REFUSED = "refused"
    BY_HAND = "by-hand"  # the grader cannot judge it, whatever the answer is: a person has to


class Outcome(StrEnum):
    """Say what became of one assert: in a loop, whether it held each time."""

    HELD = "held"
    FAILED = "failed"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True)
class AssertResult:
    """Hold one assert of a test cell; `name` is its condition as code."""

    name: str
    line: int
    hidden: bool
    outcome: Outcome
    weight: float = 1.0


@dataclass(frozen=True)
class QuestionResult:
    """Hold the points of one question, its tests, and why points are missing.

    `cell` is the `grade_id` of its test cell. Where the tests `ran_beside` the answer, the
    instructor has allowed what gives it the means to forge the points.
    """

    question: str
    cell: str
    score: float
    max_score: float
    verdict: Verdict
    messages: tuple[str, ...] = ()
    detail: str = ""
    tests: tuple[AssertResult, ...] = ()
    ran_beside: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether a person has yet to give the points; until then the score is 0."""
        return self.verdict is Verdict.BY_HAND

    @property
    def held(self) -> int:
        """Return how many of the tests hold."""
        return sum(test.outcome is Outcome.HELD for test in self.tests)


@dataclass(frozen=True)
class NotebookResult:
    """Hold the questions of one notebook that tests decide; a person marks the written answers.

    `unanswered` names the answer cells, written ones included, that are blank or as they were.
    """

    notebook: str
    questions: tuple[QuestionResult, ...]
    repairs: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Return the points of all its questions."""
        return sum(question.score for question in self.questions)

    @property
    def max_score(self) -> float:
        """Return the points that all its questions can give."""
        return sum(question.max_score for question in self.questions)

    @property
    def open_points(self) -> float:
        """Return the points that a person has yet to decide on, of the questions with tests."""
        return sum(question.max_score for question in self.questions if question.is_open)


@dataclass(frozen=True)
class Origin:
    """Say what a result was made from: hashes (SHA-256) and the isolation level.

    `key` covers all that a result depends on: as long as it is the same, so is the result.
    """

    key: str
    submission: str
    assignment: str
    isolation: str


@dataclass(frozen=True)
class SubmissionResult:
    """Hold the results of one student, or the `problem` that leaves the grading to a person.

    `seconds` says how long each stage took. It is all that differs when grading is repeated.
    """

    student: str
    notebooks: tuple[NotebookResult, ...] = ()
    problem: str | None = None
    origin: Origin | None = None
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    @property
    def questions(self) -> tuple[QuestionResult, ...]:
        """Return the questions of all notebooks."""
        return tuple(question for each in self.notebooks for question in each.questions)

    @property
    def score(self) -> float:
        """Return the points of all questions; of no meaning beside a problem."""
        return sum(notebook.score for notebook in self.notebooks)

    @property
    def max_score(self) -> float:
        """Return the points that all questions can give; of no meaning beside a problem."""
        return sum(notebook.max_score for notebook in self.notebooks)

    @property
    def open_points(self) -> float:
        """Return the points that a person has yet to decide on, of the questions with tests."""
        return sum(notebook.open_points for notebook in self.notebooks)
