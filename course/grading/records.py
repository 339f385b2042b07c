"""Write down what grading a class has found: a result, pages and notebooks for every student.

All lies in one folder, laid out like a course of nbgrader's, so that its formgrader finds it:

    results/<assignment>/<student>.json                   everything, for programs; written last
    grades/<assignment>.csv                               the points of the class
    feedback/<student>/<assignment>/<notebook>.html       what the student gets to read
    autograded/<student>/<assignment>/<notebook>.ipynb    what was run; shows the hidden tests
    gradebook.db                                          nbgrader's gradebook
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import jinja2
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.grading.assignment import Assignment
from course.grading.collection import is_student_name
from course.grading.ledger import Ledger, write_whole
from course.grading.results import NotebookResult, SubmissionResult, Verdict
from course.grading.workers import Heard, HeardNotebook
from course.layout import Course

WORDS = {
    Verdict.PASSED: "passed",
    Verdict.NOT_ANSWERED: "not answered",
    Verdict.TIMEOUT: "out of time",
    Verdict.MEMORY: "out of memory",
}


@dataclass(frozen=True)
class Records:
    """Hold the places where the results of one assignment are written."""

    assignment: Assignment
    results: Ledger
    grades: Path
    feedback: Path
    autograded: Path

    @classmethod
    def of(cls, course: Course, assignment: Assignment, out: Path | None) -> "Records":
        """Return the places in the folder `out`, by default in the course's own folder."""
        root = out or course.root
        return cls(
            assignment,
            Ledger(root / "results" / assignment.name),
            root / "grades" / f"{assignment.name}.csv",
            course.feedback if out is None else out / "feedback",
            course.autograded if out is None else out / "autograded",
        )

    def find(self, student: str, key: str) -> SubmissionResult | None:
        """Return a student's result, if it has this key and all that belongs to it is there."""
        known = self.results.find(student)
        if known is None or known.origin is None or known.origin.key != key:
            return None
        paths = [*self._pages(student), *self._notebooks(student)]
        return known if all(path.is_file() for path in paths) else None

    def keep(self, result: SubmissionResult, heard: Heard | None = None) -> None:
        """Write all that there is to say of a student whose name is a safe one."""
        if not is_student_name(result.student):
            return
        for path, content in zip(self._pages(result.student), self._contents(result), strict=True):
            write_whole(path, content.encode())
        if heard:
            notebooks = zip(self._notebooks(result.student), heard.notebooks, strict=True)
            for path, notebook in notebooks:
                write_whole(path, autograded_notebook(notebook).encode())
        self.results.keep(result)

    def write_grades(self, results: Sequence[SubmissionResult]) -> None:
        """Write the table of the class."""
        write_whole(self.grades, grades_table(results).encode())

    def _pages(self, student: str) -> list[Path]:
        folder = self.feedback / student / self.assignment.name
        return [folder / f"{each.name}.html" for each in self.assignment.notebooks]

    def _notebooks(self, student: str) -> list[Path]:
        folder = self.autograded / student / self.assignment.name
        return [folder / f"{each.name}.ipynb" for each in self.assignment.notebooks]

    def _contents(self, result: SubmissionResult) -> Iterator[str]:
        for place, master in enumerate(self.assignment.notebooks):
            graded = result.notebooks[place] if result.notebooks else None
            yield feedback_page(master.name, result, graded)


def grades_table(results: Sequence[SubmissionResult]) -> str:
    """Return a row for every student as CSV; those with a problem have a name and empty cells."""
    graded = [result for result in results if not result.problem]
    names = [question.question for question in graded[0].questions] if graded else []
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["student", "score", "max_score", *names])
    for result in sorted(results, key=lambda result: result.student):
        writer.writerow([result.student, *_numbers(result, len(names))])
    return table.getvalue()


def feedback_page(name: str, result: SubmissionResult, graded: NotebookResult | None) -> str:
    """Return one self-contained HTML page, in which all that a student wrote is escaped.

    It is about one notebook, `graded`, or about the problem of the whole submission.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": plain_number, "words": in_words}
    template = environment.get_template("feedback.html.j2")
    return template.render(name=name, result=result, graded=graded)


def in_words(verdict: Verdict) -> str:
    """Return a verdict as students read it."""
    return WORDS.get(verdict, "not passed")


def autograded_notebook(heard: HeardNotebook) -> str:
    """Return what was run as a notebook for the instructor, with what each test cell found."""
    found = {judgement.test: judgement for judgement in heard.judgements}
    nb = new_notebook()
    for place, cell in enumerate(heard.rebuilt.cells):
        make = new_code_cell if cell.kind == "code" else new_markdown_cell
        nb.cells.append(make(cell.source, id=f"cell-{place}"))
        if judgement := found.get(cell.name):
            text = f"{judgement.verdict}: {plain_number(judgement.score)} points\n"
            nb.cells[-1].outputs = [new_output("stream", name="stdout", text=text)]
    return str(nbformat.writes(nb))


def plain_number(value: float) -> str:
    """Return `value` as people write it: 3 for 3.0, at most two digits after the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _numbers(result: SubmissionResult, questions: int) -> list[str]:
    if result.problem:
        return [""] * (2 + questions)
    scores = [question.score for question in result.questions]
    return [plain_number(value) for value in (result.score, result.max_score, *scores)]
