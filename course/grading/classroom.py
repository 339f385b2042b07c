"""Grade a whole class: from the folder of submissions to the table and the feedback pages."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from course.errors import CourseError
from course.grading.assignment import MasterNotebook, read_master
from course.grading.collection import Submission, collect
from course.grading.grader import Terms
from course.grading.records import FEEDBACK, GRADES, publish, write_notebook, write_records
from course.grading.results import SubmissionResult
from course.grading.verdicts import notebook_result
from course.grading.wording import one_line
from course.grading.workers import hear_all
from course.layout import Course, notebook

AUTOGRADED = "autograded"
OnResult = Callable[[SubmissionResult, int], None]


@dataclass(frozen=True)
class Places:
    """Name the folder of submissions and that of the results, where not the course's own."""

    submitted: Path | None = None
    out: Path | None = None


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
        """Return the folder of the notebooks that were run, which show the hidden tests."""
        return self.out / AUTOGRADED


def grade_class(
    course: Course, lesson: str, places: Places, terms: Terms, *, on_result: OnResult
) -> ClassReport:
    """Grade every submission to `lesson` and write the records, in place of those of a former run.

    `on_result` is called with each result as it comes, and with the number of all. Raises
    `CourseError` for an unknown lesson, for a class without submissions, for a master that cannot
    be read, and where there can be no sandbox although `terms` ask for one.
    """
    course.select([lesson])
    class_folder = places.submitted or course.submitted
    out = places.out or course.grading(lesson)
    collection = collect(class_folder, lesson)
    total = len(collection.submissions) + len(collection.refused)
    out.mkdir(parents=True, exist_ok=True)
    results = list(collection.refused)
    with TemporaryDirectory(prefix=".fresh-", dir=out) as folder:
        fresh = Path(folder).resolve()
        for result in collection.refused:
            on_result(result, total)
        for result in _grade_all(course, lesson, collection.submissions, fresh, terms):
            on_result(result, total)
            results.append(result)
        results.sort(key=lambda result: result.student)
        write_records(lesson, results, fresh)
        publish(fresh, out)
    return ClassReport(tuple(results), out)


def _grade_all(
    course: Course, lesson: str, submissions: tuple[Submission, ...], fresh: Path, terms: Terms
) -> Iterator[SubmissionResult]:
    """Yield the result of each submission as it comes, and keep its notebook."""
    keep = fresh / AUTOGRADED
    keep.mkdir()
    if not submissions:
        return
    master = _read_master(course, lesson)
    jobs = min(terms.jobs, len(submissions))
    for submission, outcome in hear_all(master, terms, submissions, jobs=jobs):
        if isinstance(outcome, Exception):
            yield SubmissionResult(submission.student, problem=_problem(outcome))
            continue
        rebuilt, judgements = outcome
        write_notebook(rebuilt, judgements, keep / f"{submission.student}.ipynb")
        found = notebook_result(master, rebuilt, judgements)
        yield SubmissionResult(submission.student, (found,))


def _read_master(course: Course, lesson: str) -> MasterNotebook:
    released = notebook(course.release, lesson)
    try:
        return read_master(
            notebook(course.masters, lesson), released if released.exists() else None
        )
    except CourseError as error:
        raise CourseError(str(error).replace(f"{course.root}{os.sep}", "")) from error


def _problem(error: Exception) -> str:
    """Return in a line what kept a submission from being graded: never the student's zero."""
    if isinstance(error, CourseError):
        return one_line(str(error))
    reason = f"{type(error).__name__}: {error}"
    return one_line(f"ungraded: {reason}; look at it, or grade the class again")
