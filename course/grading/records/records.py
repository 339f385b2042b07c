"""Write down what grading a class has found: a result, pages and notebooks for every student.

All lies in one folder, laid out like a course of nbgrader's, so that its formgrader finds it:

    results/<assignment>/<student>.json                   everything, for programs; written last
    grades/<assignment>.csv                               the points of the class
    feedback/<student>/<assignment>/<notebook>.html       what the student gets to read
    autograded/<student>/<assignment>/<notebook>.ipynb    what was run; shows the hidden tests
    gradebook.db                                          nbgrader's gradebook
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course.atomic import write_whole
from course.converters import ConversionError, lesson_config, saved_notebook
from course.errors import CourseError
from course.grading.intake.assignment import Assignment
from course.grading.intake.collection import Submission, is_student_name, read_timestamp
from course.grading.model.findings import GradedNotebook
from course.grading.model.results import SubmissionResult
from course.grading.records.autograded import autograded_notebook
from course.grading.records.gradebook import GradebookWriter, LatePolicy
from course.grading.records.grades_table import grades_table
from course.grading.records.pages import feedback_page
from course.grading.records.result_store import ResultStore
from course.layout import Course
from course.notebooks import read


@dataclass(frozen=True)
class Destinations:
    """Hold where the results of one assignment are written."""

    results: ResultStore
    grades: Path
    feedback: Path
    autograded: Path
    gradebook: str

    @classmethod
    def of(cls, course: Course, name: str, out: Path | None) -> "Destinations":
        """Return the destinations in the folder `out`, by default in the course's own folder."""
        there = course if out is None else Course(out)
        return cls(
            ResultStore(there.root / "results" / name),
            there.root / "grades" / f"{name}.csv",
            there.feedback,
            there.autograded,
            there.gradebook,
        )


@dataclass(frozen=True)
class Records:
    """Write what there is to say of each submission to one assignment.

    `masters` are the notebooks as nbgrader saves them, by name.
    """

    assignment: Assignment
    destinations: Destinations
    masters: Mapping[str, Any]
    gradebook: GradebookWriter

    def find(self, student: str, key: str) -> SubmissionResult | None:
        """Return a student's result, if it has this key and all that belongs to it is there."""
        known = self.destinations.results.find(student)
        if known is None or known.origin is None or known.origin.key != key:
            return None
        # What somebody has deleted shall be there again after the command.
        paths = [*self._pages(student), *self._notebooks(student)]
        return known if all(path.is_file() for path in paths) else None

    def find_any(self, student: str) -> SubmissionResult | None:
        """Return a student's result, without points if they are for another version."""
        known = self.destinations.results.find(student)
        # One table must not mix the points of two versions of the assignment.
        if known and known.origin and known.origin.assignment != self.assignment.digest:
            return SubmissionResult(student, problem="graded before the assignment was changed")
        return known

    def keep(
        self,
        submission: Submission,
        result: SubmissionResult,
        notebooks: Sequence[GradedNotebook] = (),
    ) -> None:
        """Write down a new result."""
        for path, content in zip(self._pages(result.student), self._contents(result), strict=True):
            write_whole(path, content.encode())
        # A submission that can no longer be graded has no notebook: none of an earlier one, either.
        for path in self._notebooks(result.student):
            path.unlink(missing_ok=True)
        if notebooks:
            self._keep_notebooks(result, notebooks)
        self.enter(submission, result, is_changed=True)
        # Last: who is interrupted before it grades this submission again.
        self.destinations.results.keep(result)

    def enter(self, submission: Submission, result: SubmissionResult, *, is_changed: bool) -> None:
        """Have the gradebook say what `result` says, for which it may have to write nothing."""
        timestamp = None if result.problem else read_timestamp(submission)
        self.gradebook.record(result, timestamp=timestamp, is_changed=is_changed)

    def refuse(self, result: SubmissionResult) -> None:
        """Write down why a submission is not even read, if its student's name is a safe one."""
        # All paths are made of the name.
        if is_student_name(result.student):
            folder = self.destinations.results.folder / result.student
            self.keep(Submission(result.student, folder), result)

    def write_grades(self, results: Sequence[SubmissionResult]) -> None:
        """Write the table of the class."""
        write_whole(self.destinations.grades, grades_table(results).encode())

    def _keep_notebooks(
        self, result: SubmissionResult, notebooks: Sequence[GradedNotebook]
    ) -> None:
        paths = self._notebooks(result.student)
        for path, run, graded in zip(paths, notebooks, result.notebooks, strict=True):
            master, outputs = self.masters[graded.notebook], run.findings.outputs
            nb = autograded_notebook(master, run.rebuilt, graded, outputs)
            write_whole(path, nbformat.writes(nb).encode())

    def _pages(self, student: str) -> list[Path]:
        folder = self.destinations.feedback / student / self.assignment.name
        return [folder / f"{each.name}.html" for each in self.assignment.notebooks]

    def _notebooks(self, student: str) -> list[Path]:
        folder = self.destinations.autograded / student / self.assignment.name
        return [folder / f"{each.name}.ipynb" for each in self.assignment.notebooks]

    def _contents(self, result: SubmissionResult) -> Iterator[str]:
        for place, master in enumerate(self.assignment.notebooks):
            graded = result.notebooks[place] if result.notebooks else None
            whole = self.assignment.name if len(self.assignment.notebooks) > 1 else ""
            yield feedback_page(master.name, result, graded, whole=whole)


@contextmanager
def open_records(
    course: Course, assignment: Assignment, destinations: Destinations
) -> Iterator[Records]:
    """Open the records of an assignment; nobody else may write to them meanwhile.

    Raises `CourseError` where somebody does already, where the gradebook cannot be used, and for a
    master that nbgrader would refuse.
    """
    config = lesson_config(course, assignment.name)
    masters = {path.stem: _saved(path, config) for path in assignment.masters}
    course_id = config.CourseDirectory.get("course_id") or "default_course"
    writer = GradebookWriter(
        destinations.gradebook,
        assignment.name,
        masters,
        course_id=course_id,
        penalty=_late_policy(config),
    )
    with destinations.results.alone(), writer as gradebook:
        yield Records(assignment, destinations, masters, gradebook)


def _saved(path: Path, config: Any) -> Any:
    try:
        return saved_notebook(nbformat.convert(read(path), 4), path.stem, config)
    except ConversionError as error:
        shown = f"{path.parent.name}/{path.name}"
        raise CourseError(f"{shown}: nbgrader refuses it ({error}); mend that cell") from error


def _late_policy(config: Any) -> LatePolicy:
    """Return what the settings say about late submissions: nbgrader's plugin takes nothing off."""
    from nbgrader.preprocessors import AssignLatePenalties

    step = AssignLatePenalties(config=config)
    step.init_plugin()
    policy: LatePolicy = step.plugin_inst.late_submission_penalty
    return policy
