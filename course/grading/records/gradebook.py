"""Write what grading found into nbgrader's gradebook, whose own tools then go on from there.

formgrader, `nbgrader generate_feedback` and `nbgrader export` find the rows that `nbgrader
generate_assignment` and `nbgrader autograde` would have written.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from course.errors import CourseError
from course.grading.model.printable import one_line
from course.grading.model.results import NotebookResult, SubmissionResult
from course.notebooks import grading, is_discussion

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from course.grading.records.gradebook_rows import StoredComment, StoredGrade, StoredSubmission

NO_RESPONSE = "No response."  # as nbgrader words it
AGAIN = "check the address and that the database runs, then grade again"
REMEDIES = (
    ("locked", "another program is writing to it: end that, then grade again"),
    ("readonly|read-only", "make the file and its folder writable, then grade again"),
    ("unable to open", "make its folder, or allow to write there, then grade again"),
    (
        r"no such (?:column|table)|(?:column|relation) .* does not exist",
        "run `nbgrader db upgrade`, then grade again",
    ),
    ("not a database|malformed", "move that file away, or name another one, then grade again"),
    ("No module named|load plugin", "install that driver, or mend the address, then grade again"),
)
# Takes the student, the points of a notebook and the seconds, and returns the points to take off.
LatePolicy = Callable[[str, float, float], float | None]
Row = TypeVar("Row")


class GradebookWriter:
    """Keep one assignment of the gradebook at `url` up to date; to be used in `with`.

    `notebooks` has, by name, what `saved_notebook` makes of each master of the assignment.
    `course_id` is for an assignment that the gradebook does not have yet. `penalty` is the late
    policy: the method `late_submission_penalty` of nbgrader's plugin; without one, being late takes
    nothing off. Every method raises `CourseError` when the gradebook cannot be read or written.
    """

    def __init__(
        self,
        url: str,
        assignment: str,
        notebooks: Mapping[str, Any],
        *,
        course_id: str = "default_course",
        penalty: LatePolicy | None = None,
    ) -> None:
        self._url, self._assignment, self._notebooks = url, assignment, notebooks
        self._course_id, self._penalty = course_id, penalty
        self._written = set[tuple[str, str]]()  # notebooks and names of answers that a person marks
        for name, nb in notebooks.items():
            names = [grading(cell)["grade_id"] for cell in nb.cells if is_discussion(cell)]
            self._written |= {(name, each) for each in names}

    def __enter__(self) -> Self:
        """Open the gradebook, made if there is none, and save the assignment's cells in it.

        Points and comments for cells that the masters no longer have are removed.
        """
        with _explained(self._url):
            # This imports nbgrader, which takes two seconds that `course --help` should not pay.
            from course.grading.records import gradebook_rows

            self._rows = gradebook_rows
            self._engine = gradebook_rows.open_gradebook(self._url)
        try:
            with self._transaction() as session:
                self._rows.save_assignment(
                    session, self._assignment, self._course_id, self._notebooks
                )
        except BaseException:
            self._engine.dispose()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close the gradebook."""
        self._engine.dispose()

    def record(
        self,
        result: SubmissionResult,
        *,
        timestamp: datetime | None = None,
        is_changed: bool = True,
    ) -> None:
        """Save `result` in one transaction, which writes nothing where all is as it should be.

        A result with a problem takes the points of an earlier one, and waits for a person. A
        missing `timestamp`, which is when the submission was handed in, leaves the one there is.
        What a person has marked stays; as nbgrader does, it is flagged for another look, unless
        nothing of the submission or the assignment `is_changed` since it was last recorded. A
        notebook without a result counts as not handed in: it has no points. Raises `ValueError` for
        a result of a notebook that is not the assignment's.
        """
        if result.problem:
            self._withdraw(result.student)
            return
        found = {notebook.notebook: notebook for notebook in result.notebooks}
        unknown = found.keys() - self._notebooks.keys()
        if unknown:
            raise ValueError(f"no notebooks of {self._assignment}: {', '.join(sorted(unknown))}")

        with self._transaction() as session:
            submission = self._rows.find_submission(session, self._assignment, result.student)
            submission = self._save_timestamp(session, submission, timestamp)

            grades = self._rows.read_grades(session, submission)
            graded = [self._graded(each, found.get(each.notebook), is_changed) for each in grades]
            self._rows.save_grades(session, _different(graded, grades))

            comments = self._rows.read_comments(session, submission)
            commented = [_commented(each, found.get(each.notebook)) for each in comments]
            self._rows.save_comments(session, _different(commented, comments))

            # Last, as a penalty rests on the points and on the time that are saved by now.
            self._save_penalties(session, submission, result)

    def _withdraw(self, student: str) -> None:
        """Drop the points that the autograder gave to what is no longer handed in."""
        with self._transaction() as session:
            # A submission that was never graded shall get no rows by being refused.
            if not self._rows.has_submission(session, self._assignment, student):
                return
            submission = self._rows.find_submission(session, self._assignment, student)
            grades = self._rows.read_grades(session, submission)
            without = [replace(row, auto_score=None, needs_manual_grade=True) for row in grades]
            self._rows.save_grades(session, _different(without, grades))

    @contextmanager
    def _transaction(self) -> Iterator["Session"]:
        from sqlalchemy.orm import Session

        with _explained(self._url), Session(self._engine) as session, session.begin():
            yield session

    def _save_timestamp(
        self, session: "Session", submission: "StoredSubmission", timestamp: datetime | None
    ) -> "StoredSubmission":
        utc = timestamp and self._rows.as_utc(timestamp)
        if utc is None or utc == submission.timestamp:
            return submission
        self._rows.save_timestamp(session, submission, utc)
        return replace(submission, timestamp=utc)

    def _graded(
        self, grade: "StoredGrade", result: NotebookResult | None, is_changed: bool
    ) -> "StoredGrade":
        """Return `grade` as nbgrader would have it; no result means that there was no notebook."""
        if result is None:
            return replace(grade, auto_score=0.0, needs_manual_grade=False)
        score = self._auto_score(grade, result)
        if grade.manual_score is None:
            needs_manual_grade = score is None
        # Grading again must not ask a person to look again at what is as it was.
        elif grade.is_task or (score == grade.auto_score and not is_changed):
            needs_manual_grade = grade.needs_manual_grade
        else:
            needs_manual_grade = True
        return replace(grade, auto_score=score, needs_manual_grade=needs_manual_grade)

    def _auto_score(self, grade: "StoredGrade", result: NotebookResult) -> float | None:
        """Return the points that need no person: those of a test, or none for no answer."""
        if (grade.notebook, grade.cell) in self._written:
            return 0.0 if grade.cell in result.unanswered else None
        scores = {each.cell: None if each.is_open else each.score for each in result.questions}
        return scores.get(grade.cell)

    def _save_penalties(
        self, session: "Session", submission: "StoredSubmission", result: SubmissionResult
    ) -> None:
        """Save what the late policy takes off."""
        late = _seconds_late(submission)
        handed_in = {notebook.notebook for notebook in result.notebooks}
        penalties, wanted = self._rows.read_penalties(session, submission), []
        for each in penalties:
            points = None
            if self._penalty and late > 0 and each.notebook in handed_in:
                score = self._rows.read_score(session, each)
                points = self._penalty(result.student, score, late)
                # A policy is a course's own code: it may take all that there is, and give nothing.
                points = None if points is None else min(max(points, 0.0), score)
            wanted.append(replace(each, late_submission_penalty=points))
        self._rows.save_penalties(session, _different(wanted, penalties))


def _commented(comment: "StoredComment", result: NotebookResult | None) -> "StoredComment":
    is_blank = result is not None and comment.cell in result.unanswered and not comment.is_task
    return replace(comment, auto_comment=NO_RESPONSE if is_blank else None)


def _seconds_late(submission: "StoredSubmission") -> float:
    if submission.timestamp is None or submission.due is None:
        return 0.0
    return (submission.timestamp - submission.due).total_seconds()


def _different(wanted: Sequence[Row], present: Sequence[Row]) -> list[Row]:
    # To grade a class again writes nothing where nothing is new.
    return [row for row, old in zip(wanted, present, strict=True) if row != old]


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Raise `CourseError` in place of what goes wrong with the gradebook at `url`."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, ImportError, OSError) as error:
        raise CourseError(_explanation(url, error)) from error


def _explanation(url: str, error: BaseException) -> str:
    """Return what went wrong and what to do, in a line without the password."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        address = make_url(url)
    except ArgumentError:  # whose own words may repeat it
        return "the address of the gradebook cannot be read; write it like sqlite:///gradebook.db"
    is_file = address.drivername.startswith("sqlite")
    # The query goes, as a password may stand there, too.
    shown = (is_file and address.database) or address.set(query={}).render_as_string()
    reason = one_line(str(getattr(error, "orig", None) or error))
    # A driver's own words may have it as well.
    for secret in filter(None, (address.password, address.query.get("password"))):
        reason = reason.replace(str(secret), "***")
    remedies = (remedy for pattern, remedy in REMEDIES if re.search(pattern, reason))
    return f"{shown}: {reason}; {next(remedies, AGAIN)}"
