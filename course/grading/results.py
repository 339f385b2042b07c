"""What grading finds out, whichever engine does it: the only thing that records are made from."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Say in words how a question went."""

    PASSED = "passed"
    NOT_PASSED = "not passed"
    NOT_ANSWERED = "not answered"


@dataclass(frozen=True)
class QuestionResult:
    """Hold the points of one question, and why the rest are missing.

    `message` is plain text that may come from the student's code: escape it before showing it.
    """

    question: str
    score: float
    max_score: float
    status: Status
    message: str = ""


@dataclass(frozen=True)
class SubmissionResult:
    """Hold the results of one student, or the `problem` that leaves the grading to a person.

    Only questions that tests decide are here; written answers are marked by a person.
    """

    student: str
    questions: tuple[QuestionResult, ...] = ()
    problem: str | None = None
    repairs: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """Return the points of all questions; of no meaning beside a problem."""
        return sum(question.score for question in self.questions)

    @property
    def max_score(self) -> float:
        """Return the points that all questions can give; of no meaning beside a problem."""
        return sum(question.max_score for question in self.questions)
