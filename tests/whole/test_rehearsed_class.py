"""Tests that cannot be run apart from the answers are nobody's zero."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks.stock_nbgrader import run_nbgrader
from course.grading.classroom import ClassReport, Selection, grade_class
from course.grading.engine.options import GradingOptions
from course.grading.model.results import QuestionResult, Verdict
from course.layout import Course
from tests.nbgrader_course import auto_grades
from tests.toy import answer_cell, check_cell, write_notebook

pytestmark = pytest.mark.slow(minutes=1)

# The solution and the tests of each question.
APART = {
    "square": ("def square(x):\n    return x * x", "assert square(3) == 9"),
    "cube": (
        "def cube(x):\n    return x * square(x)",
        "assert cube(2) == 8\nassert cube(-1) == -1",
    ),
}
NOT_APART = {
    "takes_the_function_away": (
        "def total(numbers):\n    return sum(map(square, numbers))",
        "kept = square\ndel square\ntry:\n    total([1])\n"
        "except NameError:\n    pass\nelse:\n    raise AssertionError('use square')\n"
        "finally:\n    square = kept",
    ),
    "replaces_the_keyboard": (
        "def ask():\n    return int(input('How many?'))",
        "from unittest.mock import patch\nwith patch('builtins.input', return_value='3'):\n"
        "    assert ask() == 3",
    ),
    "name_of_an_earlier_test": (
        "def area(r):\n    return 3 * r * r",
        "with patch('builtins.input', return_value='3'):\n    assert area(2) == 12",
    ),
    "fields_of_a_named_tuple": (
        "from collections import namedtuple\nPoint = namedtuple('Point', 'x y')\n"
        "def middle(a, b):\n    return Point((a.x + b.x) / 2, (a.y + b.y) / 2)",
        "assert middle(Point(0, 0), Point(2, 4)).y == 2",
    ),
    "base_class": (
        "class Shape:\n    sides = 0\n\nclass Triangle(Shape):\n    sides = 3",
        "assert issubclass(Triangle, Shape) and Triangle.sides == 3",
    ),
    "own_exception": (
        "class Empty(Exception):\n    pass\n\ndef first(items):\n"
        "    if not items:\n        raise Empty('nothing')\n    return items[0]",
        "try:\n    first([])\nexcept Empty:\n    raised = True\nassert raised",
    ),
    "figure": (
        "import matplotlib.pyplot as plt\ndef draw():\n"
        "    _, axes = plt.subplots()\n    axes.set_title('A line')\n    return axes",
        "assert draw().get_title() == 'A line'",
    ),
    "source": (
        "def count(n):\n    return list(range(n))",
        "import inspect\nassert 'while' not in inspect.getsource(count)\nassert count(2) == [0, 1]",
    ),
    "code": (
        "def largest(a, b):\n    return a if a > b else b",
        "assert 'max' not in largest.__code__.co_names and largest(2, 3) == 3",
    ),
    "file_of_the_test": (
        "def length(path):\n    with open(path) as file:\n        return len(file.read())",
        "with open('abc.txt', 'w') as file:\n    file.write('abc')\nassert length('abc.txt') == 3",
    ),
    "fitted_model": (
        "from sklearn.linear_model import LinearRegression\n"
        "def fit(x, y):\n    return LinearRegression().fit(x, y)",
        "model = fit([[0.0], [1.0]], [1.0, 3.0])\nassert abs(model.coef_[0] - 2) < 1e-6",
    ),
}
WRONG = {
    "takes_the_function_away": "def total(numbers):\n    return sum(x * x for x in numbers)",
    "own_exception": "Empty = ValueError\ndef first(items):\n    return items[0]",
    "figure": "import matplotlib.pyplot as plt\ndef draw():\n    return plt.subplots()[1]",
    "code": "largest = lambda a, b: max(a, b)",
    "called": "def triple(x):\n    return 0",
    "cube": "def cube(x):\n    return abs(x**3)",
}
HELPED = {
    "helper": (
        "def double(x):\n    return 2 * x",
        "def check(function, x, value):\n    assert function(x) == value, 'other value'\n"
        "check(double, 1, 2)",
    ),
    "called": ("def triple(x):\n    return 3 * x", "assert triple(0) == 0\ncheck(triple, 1, 3)"),
}
QUESTIONS = APART | HELPED | NOT_APART
UNSOLVED = "assert square(2) == 5"
# What it imports is imported once, and not by each process that runs the model's answer.
FAILING = "import os\nimport sklearn.linear_model\n\nos.no_such_function()"


def make_course(root: Path) -> Course:
    """Write a course with these questions, have nbgrader release it, and hand in for three."""
    cells = []
    for name, (solution, tests) in QUESTIONS.items():
        body = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        cells += [answer_cell(name, body), check_cell(name, tests, 2)]
    cells.append(check_cell("unsolved", UNSOLVED, 1))
    cells.insert(0, new_code_cell(FAILING, id="setup"))
    write_notebook(new_notebook(cells=cells), root / "source" / "ps1" / "one.ipynb")
    run_nbgrader(root, "generate_assignment", "ps1")
    right = {name: solution for name, (solution, _) in QUESTIONS.items()}
    for student, answers in {"ann": right, "bob": right | WRONG, "cy": {}}.items():
        hand_in(root, student, answers)
    return Course(root)


def hand_in(root: Path, student: str, answers: dict[str, str]) -> None:
    folder = root / "submitted" / student / "ps1"
    shutil.copytree(root / "release" / "ps1", folder)
    path = folder / "one.ipynb"
    nb = nbformat.read(path, as_version=4)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    nbformat.write(nb, path)


def grade(course: Course, out: Path, *, beside: bool) -> ClassReport:
    options = GradingOptions(time_limit=20, jobs=1, allow_beside=beside)
    return grade_class(course, "ps1", Selection(out=out), options, on_progress=lambda step: None)


@dataclass(frozen=True)
class Graded:
    course: Course
    apart: ClassReport
    beside: ClassReport

    def questions(self, student: str, *, beside: bool = False) -> dict[str, QuestionResult]:
        report = self.beside if beside else self.apart
        [result] = [each for each in report.results if each.student == student]
        return {question.question: question for question in result.questions}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    course = make_course(tmp_path_factory.mktemp("rehearsal") / "course")
    apart = grade(course, course.root / "apart", beside=False)
    beside = grade(course, course.root / "beside", beside=True)
    return Graded(course, apart, beside)


def test_only_tests_that_need_it_are_left_to_a_person(graded: Graded) -> None:
    assert set(graded.apart.by_hand) == set(NOT_APART)
    ann = graded.questions("ann")
    assert {ann[name].verdict for name in NOT_APART} == {Verdict.BY_HAND}
    assert {ann[name].verdict for name in APART | HELPED} == {Verdict.PASSED}


def test_what_is_not_answered_needs_no_person(graded: Graded) -> None:
    verdicts = {name: question.verdict for name, question in graded.questions("cy").items()}
    assert {verdicts[name] for name in QUESTIONS} == {Verdict.NOT_ANSWERED}


def test_beside_the_answers_everybody_has_the_points_of_nbgrader(graded: Graded) -> None:
    other = graded.course.root.parent / "stock"
    shutil.copytree(graded.course.root, other)
    run_nbgrader(other, "autograde", "ps1")
    ours = auto_grades(f"sqlite:///{graded.course.root / 'beside' / 'gradebook.db'}", "ps1")
    assert ours == auto_grades(f"sqlite:///{other / 'gradebook.db'}", "ps1")
    assert graded.beside.by_hand == ()


def test_points_are_those_that_one_would_give(graded: Graded) -> None:
    most = 2 * len(QUESTIONS)
    scores = {result.student: result.score for result in graded.beside.results}
    assert scores == {"ann": most, "bob": most - 2 * len(WRONG), "cy": 0}


def test_the_results_say_which_tests_were_run_beside(graded: Graded) -> None:
    bob = graded.questions("bob", beside=True)
    assert {name for name, question in bob.items() if question.ran_beside} == set(NOT_APART)


def test_tests_beside_an_answer_are_named_one_by_one(graded: Graded) -> None:
    question = graded.questions("bob", beside=True)["figure"]
    assert question.verdict is Verdict.FAILED
    assert question.messages == ("This does not hold: draw().get_title() == 'A line'",)
    assert [test.outcome for test in question.tests] == ["failed"]


def test_an_error_beside_the_answer_comes_with_its_traceback(graded: Graded) -> None:
    question = graded.questions("bob", beside=True)["own_exception"]
    assert question.verdict is Verdict.ERROR
    assert question.messages[0].startswith("IndexError: ")
    assert "return items[0]" in question.detail


def test_what_a_person_has_to_mark_waits_in_the_gradebook(graded: Graded) -> None:
    grades = auto_grades(f"sqlite:///{graded.course.root / 'apart' / 'gradebook.db'}", "ps1")
    assert {name for name, grade in grades["ann"].items() if grade == (None, True)} == {
        f"test_{name}" for name in NOT_APART
    }


def test_an_assert_in_a_function_of_an_earlier_test_counts(graded: Graded) -> None:
    question = graded.questions("bob")["called"]
    assert (question.score, question.messages) == (0, ("other value",))


def test_the_table_has_no_sum_that_a_person_has_yet_to_add_to(graded: Graded) -> None:
    most = str(2 * len(QUESTIONS) + 1)
    rows = graded.apart.destinations.grades.read_text().splitlines()
    assert [row.split(",")[:5] for row in rows[1:]] == [
        ["ann", "", most, "2", "2"],
        ["bob", "", most, "2", "0"],
        ["cy", "0", most, "0", "0"],
    ]


def test_the_page_says_that_points_are_still_open(graded: Graded) -> None:
    page = (graded.apart.destinations.feedback / "ann" / "ps1" / "one.html").read_text()
    assert f", {2 * len(NOT_APART)} more not marked yet" in page
    assert page.count("> not marked yet") == len(NOT_APART)
    assert page.count("? of 2") == len(NOT_APART)


def test_the_instructor_is_told_what_to_mend(graded: Graded) -> None:
    error = "AttributeError: module 'os' has no attribute 'no_such_function'"
    assert graded.apart.warnings == (
        f"one: the given cell setup fails ({error}); mend it, or tag it skip-when-grading",
        "one: test_unsolved: the assignment's own solution does not get all its points; "
        "mend one of them",
    )


def test_the_solution_is_graded_once(graded: Graded) -> None:
    kept = graded.course.root / "apart" / "results" / "ps1" / ".rehearsals"
    before = json.loads(kept.read_text())
    again = grade(graded.course, graded.course.root / "apart", beside=False)
    assert again.rehearsals == graded.apart.rehearsals
    assert len(again.known) == 3
    assert json.loads(kept.read_text()) == before
