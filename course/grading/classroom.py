"""Grade a whole class: from the folder of submissions to the table and the feedback pages."""

from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from course.cores import count_cores
from course.grading.collection import Submission, collect
from course.grading.nbgrader_engine import grade, prepare
from course.grading.records import FEEDBACK, GRADES, publish, write_records
from course.grading.results import SubmissionResult
from course.grading.wording import one_line
from course.layout import Course
from course.pool import run_apart

AUTOGRADED = "autograded"
OnResult = Callable[[SubmissionResult, int], None]


@dataclass(frozen=True)
class ClassReport:
    """Hold the results of a class in order of the students' names, and where they were written."""

    results: tuple[SubmissionResult, ...]
    out: Path

    @property
    def graded(self) -> tuple[SubmissionResult, ...]:
        """Return the results of those whose submission was graded."""
        return tuple(result for result in self.results if not result.problem)

    @property
    def problems(self) -> tuple[SubmissionResult, ...]:
        """Return the results of those who need a person to look at their submission."""
        return tuple(result for result in self.results if result.problem)

    @property
    def grades(self) -> Path:
        """Return the table of points."""
        return self.out / GRADES

    @property
    def feedback(self) -> Path:
        """Return the folder of the students' pages."""
        return self.out / FEEDBACK

    @property
    def autograded(self) -> Path:
        """Return the folder of the executed notebooks, which show the hidden tests."""
        return self.out / AUTOGRADED


def grade_class(
    course: Course, lesson: str, *, submitted: Path | None, out: Path | None, on_result: OnResult
) -> ClassReport:
    """Grade every submission to `lesson` and write the records, in place of those of a former run.

    `submitted` and `out` default to the course's own folders. `on_result` is called with each
    result as it comes, and with the number of all. Raises `CourseError` for an unknown lesson, for
    a class without submissions and for a master that nbgrader refuses.
    """
    course.select([lesson])
    class_folder, out = submitted or course.submitted, out or course.grading(lesson)
    collection = collect(class_folder, lesson)
    total = len(collection.submissions) + len(collection.refused)
    out.mkdir(parents=True, exist_ok=True)
    results = list(collection.refused)
    with TemporaryDirectory(prefix=".fresh-", dir=out) as folder:
        fresh = Path(folder).resolve()
        for result in collection.refused:
            on_result(result, total)
        for result in _grade_all(course, lesson, collection.submissions, fresh):
            on_result(result, total)
            results.append(result)
        results.sort(key=lambda result: result.student)
        write_records(lesson, results, fresh)
        publish(fresh, out)
    return ClassReport(tuple(results), out)


def _grade_all(
    course: Course, lesson: str, submissions: tuple[Submission, ...], fresh: Path
) -> Iterator[SubmissionResult]:
    """Yield the result of each submission as it comes."""
    keep = fresh / AUTOGRADED
    keep.mkdir()
    if not submissions:
        return
    jobs = min(count_cores(), len(submissions))
    with TemporaryDirectory(prefix="course-class-") as folder:
        assignment = prepare(course, lesson, Path(folder).resolve())
        work = partial(grade, assignment, keep)
        for submission, outcome in run_apart(work, submissions, jobs=jobs):
            yield _result(submission, outcome)


def _result(submission: Submission, outcome: SubmissionResult | BaseException) -> SubmissionResult:
    """Return the result, or what kept it from coming: never the student's zero."""
    if isinstance(outcome, SubmissionResult):
        return outcome
    if not isinstance(outcome, Exception):
        raise outcome  # the user pressed Ctrl-C
    reason = f"{type(outcome).__name__}: {outcome}"
    if isinstance(outcome, BrokenProcessPool):
        reason = "the process that grades it was killed each time, out of memory or by its code"
    problem = one_line(f"ungraded: {reason}; look at it, or grade the class again")
    return SubmissionResult(submission.student, problem=problem)
