"""Write down what grading a class has found: a result, pages and notebooks for every student.

All lies in one folder, laid out like a course of nbgrader's, so that its formgrader finds it:

    results/<assignment>/<student>.json                   everything, for programs; written last
    grades/<assignment>.csv                               the points of the class
    feedback/<student>/<assignment>/<notebook>.html       what the student gets to read
    autograded/<student>/<assignment>/<notebook>.ipynb    what was run; shows the hidden tests
    gradebook.db                                          nbgrader's gradebook
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import jinja2
import nbformat

from course.converters import ConversionError, lesson_config, saved_notebook
from course.errors import CourseError
from course.grading.assignment import Assignment
from course.grading.autograded import autograded_notebook
from course.grading.collection import Submission, is_student_name, read_timestamp
from course.grading.gradebook import GradebookWriter, LatePolicy
from course.grading.ledger import Ledger, write_whole
from course.grading.results import NotebookResult, SubmissionResult, Verdict
from course.grading.wording import plain_number
from course.grading.workers import Heard
from course.layout import Course
from course.notebooks import read

WORDS = {
    Verdict.PASSED: "passed",
    Verdict.NOT_ANSWERED: "not answered",
    Verdict.TIMEOUT: "out of time",
    Verdict.MEMORY: "out of memory",
    Verdict.BY_HAND: "not marked yet",
}


@dataclass(frozen=True)
class Places:
    """Hold where the results of one assignment are written."""

    results: Ledger
    grades: Path
    feedback: Path
    autograded: Path
    gradebook: str

    @classmethod
    def of(cls, course: Course, name: str, out: Path | None) -> "Places":
        """Return the places in the folder `out`, by default in the course's own folder."""
        there = course if out is None else Course(out)
        return cls(
            Ledger(there.root / "results" / name),
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
    places: Places
    masters: Mapping[str, Any]
    gradebook: GradebookWriter

    def find(self, student: str, key: str) -> SubmissionResult | None:
        """Return a student's result, if it has this key and all that belongs to it is there."""
        known = self.places.results.find(student)
        if known is None or known.origin is None or known.origin.key != key:
            return None
        paths = [*self._pages(student), *self._notebooks(student)]
        return known if all(path.is_file() for path in paths) else None

    def find_any(self, student: str) -> SubmissionResult | None:
        """Return a student's result, without points if they are for another version."""
        known = self.places.results.find(student)
        if known and known.origin and known.origin.assignment != self.assignment.digest:
            return SubmissionResult(student, problem="graded before the assignment was changed")
        return known

    def keep(
        self, submission: Submission, result: SubmissionResult, heard: Heard | None = None
    ) -> None:
        """Write down a new result."""
        for path, content in zip(self._pages(result.student), self._contents(result), strict=True):
            write_whole(path, content.encode())
        for path in self._notebooks(result.student):
            path.unlink(missing_ok=True)
        if heard:
            self._keep_notebooks(result, heard)
        self.enter(submission, result, is_changed=True)
        self.places.results.keep(result)

    def enter(self, submission: Submission, result: SubmissionResult, *, is_changed: bool) -> None:
        """Have the gradebook say what `result` says, for which it may have to write nothing."""
        timestamp = None if result.problem else read_timestamp(submission)
        self.gradebook.record(result, timestamp=timestamp, is_changed=is_changed)

    def refuse(self, result: SubmissionResult) -> None:
        """Write down why a submission is not even read, if its student's name is a safe one."""
        if is_student_name(result.student):
            folder = self.places.results.folder / result.student
            self.keep(Submission(result.student, folder), result)

    def write_grades(self, results: Sequence[SubmissionResult]) -> None:
        """Write the table of the class."""
        write_whole(self.places.grades, grades_table(results).encode())

    def _keep_notebooks(self, result: SubmissionResult, heard: Heard) -> None:
        paths = self._notebooks(result.student)
        for path, run, graded in zip(paths, heard.notebooks, result.notebooks, strict=True):
            master, shown = self.masters[graded.notebook], run.hearing.shown
            nb = autograded_notebook(master, run.rebuilt, graded, shown)
            write_whole(path, nbformat.writes(nb).encode())

    def _pages(self, student: str) -> list[Path]:
        folder = self.places.feedback / student / self.assignment.name
        return [folder / f"{each.name}.html" for each in self.assignment.notebooks]

    def _notebooks(self, student: str) -> list[Path]:
        folder = self.places.autograded / student / self.assignment.name
        return [folder / f"{each.name}.ipynb" for each in self.assignment.notebooks]

    def _contents(self, result: SubmissionResult) -> Iterator[str]:
        for place, master in enumerate(self.assignment.notebooks):
            graded = result.notebooks[place] if result.notebooks else None
            whole = self.assignment.name if len(self.assignment.notebooks) > 1 else ""
            yield feedback_page(master.name, result, graded, whole=whole)


@contextmanager
def open_records(course: Course, assignment: Assignment, places: Places) -> Iterator[Records]:
    """Open the records of an assignment; nobody else may write to them meanwhile.

    Raises `CourseError` where somebody does already, where the gradebook cannot be used, and for a
    master that nbgrader would refuse.
    """
    config = lesson_config(course, assignment.name)
    masters = {path.stem: _saved(path, config) for path in assignment.masters}
    course_id = config.CourseDirectory.get("course_id") or "default_course"
    writer = GradebookWriter(
        places.gradebook,
        assignment.name,
        masters,
        course_id=course_id,
        penalty=_late_policy(config),
    )
    with places.results.alone(), writer as gradebook:
        yield Records(assignment, places, masters, gradebook)


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


def grades_table(results: Sequence[SubmissionResult]) -> str:
    """Return a row for every student as CSV; those with a problem have a name and empty cells."""
    graded = [result for result in results if not result.problem]
    names = [question.question for question in graded[0].questions] if graded else []
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["student", "score", "max_score", *names])
    for result in sorted(results, key=lambda result: result.student):
        writer.writerow([result.student, *_numbers(result, names)])
    return table.getvalue()


def feedback_page(
    name: str, result: SubmissionResult, graded: NotebookResult | None, *, whole: str = ""
) -> str:
    """Return one self-contained HTML page, in which all that a student wrote is escaped.

    It is about one notebook, `graded`, or about the problem of the whole submission. `whole` is the
    assignment's name where that has other notebooks too.
    """
    return _page_template().render(name=name, result=result, graded=graded, whole=whole)


@cache
def _page_template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": plain_number, "words": in_words}
    return environment.get_template("feedback.html.j2")


def in_words(verdict: Verdict) -> str:
    """Return a verdict as students read it."""
    return WORDS.get(verdict, "not passed")


def _numbers(result: SubmissionResult, names: Sequence[str]) -> list[str]:
    if result.problem:
        return [""] * (2 + len(names))
    scores = {
        question.question: "" if question.is_open else plain_number(question.score)
        for question in result.questions
    }
    # Nobody shall take for the whole what a person has yet to add to.
    score = "" if result.open_points else plain_number(result.score)
    total = [score, plain_number(result.max_score)]
    return [*total, *(scores.get(name, "") for name in names)]
