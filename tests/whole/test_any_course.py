"""An ordinary course of nbgrader's is graded as nbgrader grades it, whatever is in it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from benchmarks.stock_nbgrader import run_nbgrader
from course.grading.classroom import ClassReport, Selection, grade_class
from course.grading.engine.options import GradingOptions
from course.layout import Course
from tests.nbgrader_course import auto_grades, written_cell
from tests.toy import answer_cell, check_cell, grading_metadata, write_notebook

pytestmark = pytest.mark.slow

OPTIONS = GradingOptions(time_limit=20, jobs=1)
TABLE = "city,people\nBonn,3\nUlm,4\n"
TOOLS = "def scale(x):\n    return 10 * x\n"
GIVEN = """%matplotlib inline
import csv

from tools import scale

with open("data/cities.csv") as file:
    rows = list(csv.DictReader(file))"""
ANSWER = "def {}:\n    ### BEGIN SOLUTION\n    return {}\n    ### END SOLUTION"
PEOPLE = ANSWER.format("people(rows)", "sum(int(row['people']) for row in rows)")
HEADER = ANSWER.format("header()", "open('data/cities.csv').readline()")
SCALED = "### BEGIN SOLUTION\nimport math\n\n\ndef scaled(x):\n    return 10 * x\n### END SOLUTION"
PARTS = """points = 0
if math.isclose(scaled(1), 10):
    points += 1
if scaled(-1) == -10:
    points += 2
points"""
RIGHT = {
    "people": "def people(rows):\n    return sum(int(row['people']) for row in rows)",
    "header": "def header():\n    return next(open('data/cities.csv'))",
    "scaled": "import math\n\ndef scaled(x):\n    return scale(x)",
    "essay": "Because of the weather.",
}
CLASS = {
    "ann": RIGHT,
    "bob": RIGHT
    | {"people": "people = len", "scaled": "import math\ndef scaled(x):\n    return 10 * abs(x)"},
    "cy": {"scaled": "import math\nfrom mine import mine as scaled", "header": RIGHT["header"]},
    "di": {},
}


def first() -> NotebookNode:
    return new_notebook(
        cells=[
            new_markdown_cell("# Cities"),
            new_code_cell(GIVEN),
            answer_cell("people", PEOPLE),
            check_cell("people", "assert people(rows) == 7, 'count them'", 2),
            answer_cell("header", HEADER),
            check_cell("header", "assert header() == 'city,people\\n'", 1),
            written_cell("essay", "Whatever."),
        ]
    )


def second() -> NotebookNode:
    task = grading_metadata("draw", task=True, locked=True, points=5)
    return new_notebook(
        cells=[
            new_code_cell("from tools import scale"),
            answer_cell("scaled", SCALED),
            check_cell("scaled", PARTS, 3),
            new_markdown_cell("Draw a map.", metadata=task),
        ]
    )


def make_course(root: Path) -> Course:
    """Write an ordinary course, have nbgrader release it, and hand in for the class."""
    source = root / "source" / "ps1"
    for name, nb in (("cities", first()), ("scales", second())):
        write_notebook(nb, source / f"{name}.ipynb")
    (source / "data").mkdir()
    (source / "data" / "cities.csv").write_text(TABLE)
    (source / "tools.py").write_text(TOOLS)
    run_nbgrader(root, "generate_assignment", "ps1")
    for student, answers in CLASS.items():
        hand_in(root, student, answers)
    return Course(root)


def hand_in(root: Path, student: str, answers: dict[str, str]) -> None:
    folder = root / "submitted" / student / "ps1"
    shutil.copytree(root / "release" / "ps1", folder)
    for path in folder.glob("*.ipynb"):
        nb = nbformat.read(path, as_version=4)
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source)
        nbformat.write(nb, path)
    if student == "cy":
        (folder / "cities.ipynb").unlink()
        (folder / "mine.py").write_text("def mine(x):\n    return 10 * x\n")
        (folder / "tools.py").write_text("1 / 0")  # the instructor's is taken


@dataclass(frozen=True)
class Graded:
    course: Course
    report: ClassReport
    stock: dict[str, dict[str, tuple[float | None, bool]]]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    course = make_course(tmp_path_factory.mktemp("any") / "course")
    other = course.root.parent / "stock"
    shutil.copytree(course.root, other)
    run_nbgrader(other, "autograde", "ps1")
    report = grade_class(course, "ps1", Selection(), OPTIONS, on_progress=lambda step: None)
    return Graded(course, report, auto_grades(f"sqlite:///{other / 'gradebook.db'}", "ps1"))


def test_every_cell_has_the_points_that_nbgrader_gives(graded: Graded) -> None:
    assert graded.report.problems == ()
    assert auto_grades(graded.course.gradebook, "ps1") == graded.stock


def test_points_are_those_that_one_would_give(graded: Graded) -> None:
    assert {result.student: result.score for result in graded.report.results} == {
        "ann": 6,
        "bob": 2,
        "cy": 3,
        "di": 0,
    }


def test_every_notebook_has_a_page_and_is_kept(graded: Graded) -> None:
    for folder, suffix in ((graded.course.feedback, "html"), (graded.course.autograded, "ipynb")):
        found = {path.relative_to(folder).as_posix() for path in folder.rglob(f"*.{suffix}")}
        assert found == {
            f"{student}/ps1/{name}.{suffix}" for student in CLASS for name in ("cities", "scales")
        }


def test_a_page_says_what_it_is_a_part_of(graded: Graded) -> None:
    page = (graded.course.feedback / "bob" / "ps1" / "scales.html").read_text()
    assert "Feedback for bob on a part of ps1" in page
    assert f"ps1 as a whole: 2 of {graded.report.results[0].max_score:g} points." in page


def test_a_part_of_the_points_is_not_shown_as_all_of_them(graded: Graded) -> None:
    page = (graded.course.feedback / "bob" / "ps1" / "scales.html").read_text()
    assert "1 of 3" in page
    assert (
        '<span class="badge partly"><span aria-hidden="true">◐</span> passed in part</span>' in page
    )


def test_a_missing_notebook_is_told(graded: Graded) -> None:
    [cy] = [result for result in graded.report.results if result.student == "cy"]
    message = "the notebook cities.ipynb was missing; none of its questions is answered"
    assert [notebook.repairs for notebook in cy.notebooks] == [(message,), ()]


def test_files_are_read_from_where_they_were_handed_out(graded: Graded) -> None:
    [ann] = [result for result in graded.report.results if result.student == "ann"]
    assert {question.question: question.score for question in ann.questions}["header"] == 1
