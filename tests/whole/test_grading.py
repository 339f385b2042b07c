"""Grading a class: what is collected, what it scores, what is written, and what cannot stop it."""

import csv
import html
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbgrader.api import Gradebook

from benchmarks.stock_nbgrader import run_nbgrader
from course.build import build
from course.errors import CourseError
from course.grading.classroom import ClassReport, Progress, Selection, grade_class
from course.grading.engine import assignment_grader
from course.grading.engine.assignment_grader import TRIES
from course.grading.engine.options import GradingOptions
from course.grading.engine.referee_client import Ungraded
from course.grading.model.findings import Findings
from course.grading.model.judgement import Judgement
from course.grading.model.results import QuestionResult, SubmissionResult, Verdict
from course.layout import Course, notebook
from tests.handing_in import hand_in, handed_in
from tests.toy import (
    answer_cell,
    check_cell,
    make_toy_course,
    toy_cells,
    toy_notebook,
    write_notebook,
)

pytestmark = pytest.mark.slow

TRIPLE = """def triple(number):
    ### BEGIN SOLUTION
    return 3 * number
    ### END SOLUTION"""
TEST_TRIPLE = """### BEGIN HIDDEN TESTS
number = 5
assert triple(number) == 15, f"triple({number}) should be another number than {triple(number)}"
### END HIDDEN TESTS"""
RIGHT_TRIPLE = "def triple(number):\n    return 3 * number"
WRONG_DOUBLE = """import os
import random
import sys

sys.path.insert(0, os.getcwd())
found = [os.path.join(folder, name) for folder, _, names in os.walk(".") for name in names]

def double(number):
    raise ValueError(f"seen: {found}")"""
RIGHT_DOUBLE = "def double(number):\n    return 2 * number"
OPTIONS = GradingOptions(time_limit=5)
GRADED = {"ann", "blank", "copied", "deleted", "exit", "files", "half.right@uni-köln", "leak"}
GRADED |= {"list-out", "loop"}

NOISY_RIGHT = """import os, sys, warnings
assert os.environ["NBGRADER_EXECUTION"] == "autograde"

def double(number):
    warnings.warn("a harmless warning")
    print("progress bar", file=sys.stderr)
    return 2 * number"""
LEAK = """def double(number):
    raise ValueError("seen: " + get_ipython().user_ns["In"][-1])"""
SCRIPT = """def triple(number):
    raise ValueError("<script>alert(1)</script>\\x1b[31m")"""
LOOP = "while True:\n    pass"
EXIT = "import os\nos._exit(0)"


def two_question_course(root: Path) -> Course:
    course = make_toy_course(root)
    cells = [*toy_cells(), answer_cell("triple", TRIPLE), check_cell("triple", TEST_TRIPLE, 3)]
    write_notebook(toy_notebook(cells), notebook(course.masters, "toy"))
    build(course)
    return course


def grade_quietly(course: Course, selection: Selection = Selection()) -> ClassReport:  # noqa: B008
    return grade_class(course, "toy", selection, OPTIONS, on_progress=lambda step: None)


@dataclass(frozen=True)
class GradedClass:
    course: Course
    report: ClassReport
    steps: list[Progress]

    def __getitem__(self, student: str) -> SubmissionResult:
        (result,) = [result for result in self.report.results if result.student == student]
        return result

    def question(self, student: str, name: str) -> QuestionResult:
        (question,) = [item for item in self[student].questions if item.question == name]
        return question

    def rows(self) -> dict[str, list[str]]:
        with self.report.destinations.grades.open(encoding="utf-8", newline="") as file:
            return {row[0]: row[1:] for row in csv.reader(file)}

    def page(self, student: str) -> str:
        page = self.report.destinations.feedback / student / "toy" / "toy.html"
        return page.read_text(encoding="utf-8")


def fill_class(course: Course) -> None:
    """Hand in one notebook of every kind."""
    hand_in(course, "ann", {"double": NOISY_RIGHT, "triple": "def triple(n): return n + n + n"})
    hand_in(course, "blank")
    hand_in(course, "half.right@uni-köln", {"double": RIGHT_DOUBLE, "triple": SCRIPT})
    hand_in(course, "list-out", {"triple": "def triple(number):\n    return f'seen: {number}'"})
    hand_in(course, "leak", {"double": LEAK, "triple": "def triple(n) return"})
    hand_in(course, "exit", {"double": EXIT, "triple": RIGHT_TRIPLE})
    hand_in(course, "loop", {"double": LOOP, "triple": RIGHT_TRIPLE})
    hand_in(course, "=cmd()", {"double": RIGHT_DOUBLE})
    nb = hand_in(course, "copied", {"triple": RIGHT_TRIPLE})
    copy = NotebookNode(nb.cells[3], id="copy")
    write_notebook(toy_notebook([*nb.cells, copy]), handed_in(course, "copied"))
    deleted = hand_in(course, "deleted", {"triple": RIGHT_TRIPLE})
    triple = [cell for cell in deleted.cells if cell.source == RIGHT_TRIPLE]
    write_notebook(toy_notebook([*deleted.cells[:3], *triple]), handed_in(course, "deleted"))
    hand_in(course, "files", {"double": WRONG_DOUBLE})
    add_hostile_files(handed_in(course, "files").parent, notebook(course.masters, "toy"))
    hand_in(course, "damaged")
    handed_in(course, "damaged").write_text("%PDF-1.4")
    hand_in(course, "list")
    handed_in(course, "list").write_text("[]")
    (course.submitted / "empty").mkdir()


def add_hostile_files(folder: Path, master: Path) -> None:
    """Hand in files that would be found in place of others, and links to what is secret."""
    grader = "class AssignmentGrader:\n    pass"
    for name in ("random.py", "torch.py", "course/__init__.py", "sitecustomize.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("import builtins\nbuiltins.bool = lambda value: True")
    own = folder / "course" / "grading" / "engine" / "assignment_grader.py"
    own.parent.mkdir(parents=True)
    own.write_text(grader)
    (folder / "leak.ipynb.txt").symlink_to(master)
    (folder / "linked").symlink_to(master.parent)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> GradedClass:
    course = two_question_course(tmp_path_factory.mktemp("class") / "course-root")
    fill_class(course)
    (course.submitted / "notes.txt").touch()
    steps: list[Progress] = []
    report = grade_class(course, "toy", Selection(), OPTIONS, on_progress=steps.append)
    return GradedClass(course, report, steps)


def test_a_right_answer_keeps_its_points_though_it_writes_to_stderr(graded: GradedClass) -> None:
    assert graded["ann"].score == graded["ann"].max_score == 5


def test_a_blank_notebook_scores_zero_and_is_called_not_answered(graded: GradedClass) -> None:
    assert graded["blank"].problem is None
    assert graded["blank"].score == 0
    verdicts = {question.verdict for question in graded["blank"].questions}
    assert verdicts == {Verdict.NOT_ANSWERED}


def test_each_question_has_its_own_points(graded: GradedClass) -> None:
    questions = graded["half.right@uni-köln"].questions
    assert [(item.question, item.score, item.verdict) for item in questions] == [
        ("double", 2, Verdict.PASSED),
        ("triple", 0, Verdict.ERROR),
    ]


def test_an_error_in_a_hidden_test_does_not_show_its_values(graded: GradedClass) -> None:
    [message] = graded.question("half.right@uni-köln", "triple").messages
    assert message == "ValueError in a hidden test, whose values are not shown."


def test_a_failed_hidden_test_does_not_show_its_values(graded: GradedClass) -> None:
    question = graded.question("list-out", "triple")
    assert question.messages == ("triple(…) should be another number than …",)
    assert "5" in question.detail


def test_an_answer_that_does_not_run_is_explained_by_its_own_error(graded: GradedClass) -> None:
    assert graded.question("leak", "triple").messages[0].startswith("SyntaxError: ")


def test_an_exception_cannot_carry_a_test_into_the_feedback(graded: GradedClass) -> None:
    assert graded.question("leak", "double").messages[0].startswith("ValueError: seen:")
    for page in graded.report.destinations.feedback.rglob("*.html"):
        assert "assert " not in html.unescape(page.read_text(encoding="utf-8"))


def test_files_beside_the_notebook_are_there_and_change_no_verdict(graded: GradedClass) -> None:
    question = graded.question("files", "double")
    assert question.score == 0
    [message] = question.messages
    assert "./torch.py" in message
    assert "leak" not in message
    assert "linked" not in message


@pytest.mark.parametrize(
    ("student", "words"),
    [("exit", "ended its process"), ("loop", "did not end in time")],
)
def test_a_broken_answer_costs_its_own_question_and_is_explained(
    graded: GradedClass, student: str, words: str
) -> None:
    assert words in graded.question(student, "double").messages[0]
    assert graded.question(student, "triple").score == 3


def test_a_mangled_notebook_is_repaired_and_graded(graded: GradedClass) -> None:
    assert graded["copied"].score == graded["deleted"].score == 3
    [repair] = [
        repair for repair in graded["deleted"].notebooks[0].repairs if "test_double" in repair
    ]
    assert html.escape(repair) in graded.page("deleted")
    assert "Put right" not in graded.page("ann")


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("damaged", "not a notebook"),
        ("list", "not a notebook"),
        ("empty", "toy/toy.ipynb is missing"),
        ("'=cmd()'", "not a student's name"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(graded: GradedClass, student: str, words: str) -> None:
    problem = graded[student].problem
    assert problem is not None
    assert words in problem
    assert "\n" not in problem
    assert str(graded.course.root.parent.parent) not in problem


def test_the_report_tells_who_is_graded_and_who_needs_a_person(graded: GradedClass) -> None:
    names = [result.student for result in graded.report.graded]
    assert set(names) == GRADED
    assert len(graded.report.problems) == 4


def test_progress_is_reported_once_for_everybody(graded: GradedClass) -> None:
    students = sorted(result.student for result in graded.report.results)
    assert sorted((step.result.student, step.total) for step in graded.steps) == [
        (student, len(students)) for student in students
    ]


def test_the_table_has_automatic_points_by_question(graded: GradedClass) -> None:
    rows = graded.rows()
    assert rows["student"] == ["score", "max_score", "double", "triple"]
    assert rows["ann"] == ["5", "5", "2", "3"]
    assert rows["blank"] == ["0", "5", "0", "0"]
    assert rows["half.right@uni-köln"] == ["2", "5", "2", "0"]


def test_a_problem_is_an_empty_row_and_no_zero(graded: GradedClass) -> None:
    for result in graded.report.problems:
        assert graded.rows()[result.student] == ["", "", "", ""]


def test_the_rows_are_in_order_of_the_names(graded: GradedClass) -> None:
    names = list(graded.rows())[1:]
    assert names == sorted(names)


def test_every_name_that_is_safe_in_a_path_has_a_page_and_a_result(graded: GradedClass) -> None:
    names = {result.student for result in graded.report.results} - {"'=cmd()'"}
    written = graded.report.destinations
    assert {page.parent.parent.name for page in written.feedback.rglob("toy.html")} == names
    assert {path.stem for path in written.results.folder.glob("*.json")} == names


def test_the_executed_notebook_of_a_student_is_kept(graded: GradedClass) -> None:
    folder = graded.report.destinations.autograded
    assert {path.parent.parent.name for path in folder.rglob("toy.ipynb")} == GRADED


def test_a_result_is_read_back_as_it_was(graded: GradedClass) -> None:
    for result in graded.report.graded:
        assert graded.report.destinations.results.find(result.student) == result


def test_a_result_says_what_it_was_made_from(graded: GradedClass) -> None:
    origins = [result.origin for result in graded.report.graded]
    assert len({origin.submission for origin in origins if origin}) == len(origins)
    assert {origin.isolation for origin in origins if origin} == {"sandbox"}


def test_every_test_of_a_question_is_told(graded: GradedClass) -> None:
    tests = graded.question("ann", "double").tests
    assert [(test.name, test.hidden) for test in tests] == [
        ("double(2) == 4", False),
        ("double(-3) == -6", True),
    ]


def test_stock_nbgrader_gives_the_same_scores(graded: GradedClass, tmp_path: Path) -> None:
    students = ["ann", "blank", "half.right@uni-köln"]
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("submitted", "autograded", "gradebook.db")
    shutil.copytree(graded.course.root, checkout, ignore=ignored)
    for student in students:
        shutil.copytree(graded.course.submitted / student, checkout / "submitted" / student)
    run_nbgrader(checkout, "generate_assignment", "toy", "--force")
    run_nbgrader(checkout, "autograde", "toy")
    with Gradebook(f"sqlite:///{checkout / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions("toy")
        scores = {submission.student.id: submission.score for submission in submissions}
    assert scores == {student: graded[student].score for student in students}


def test_the_gradebook_says_what_the_results_say(graded: GradedClass) -> None:
    with Gradebook(graded.report.destinations.gradebook) as gradebook:
        submissions = gradebook.assignment_submissions("toy")
        scores = {submission.student.id: submission.score for submission in submissions}
    assert scores == {result.student: result.score for result in graded.report.graded}


# --- the machine's failures ---


class Unlucky:
    """Grade as a machine does on which so many attempts go wrong, after the solution is graded."""

    def __init__(self, failures: int) -> None:
        self.failures = iter([None, *range(failures)])

    def __call__(self, *_: object) -> "Unlucky":
        return self

    def __enter__(self) -> "Unlucky":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grade(self, *_: object) -> Findings:
        if next(self.failures, None) is not None:
            raise Ungraded("no memory is left")
        return Findings((Judgement("test_double", 2, (), 0.0),), {})


@pytest.mark.parametrize(("times", "score"), [(TRIES - 1, 2), (TRIES, 0)])
def test_a_machine_that_fails_is_tried_again_and_is_no_zero(
    toy_course: Course, monkeypatch: pytest.MonkeyPatch, times: int, score: int
) -> None:
    build(toy_course)
    hand_in(toy_course, "ann", {"double": RIGHT_DOUBLE})
    monkeypatch.setattr(assignment_grader, "Grader", Unlucky(times))
    [result] = grade_quietly(toy_course).results
    assert result.score == score
    assert (result.problem is None) == (times < TRIES)
    assert result.problem is None or result.problem.startswith("ungraded: ")


def test_a_solution_that_the_machine_cannot_grade_is_named(
    toy_course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(toy_course)
    hand_in(toy_course, "ann", {"double": RIGHT_DOUBLE})
    unlucky = Unlucky(TRIES)
    next(unlucky.failures)
    monkeypatch.setattr(assignment_grader, "Grader", unlucky)
    with pytest.raises(CourseError, match="toy: grading its own solution: no memory is left"):
        grade_quietly(toy_course)


def test_an_unknown_lesson_is_named(toy_course: Course) -> None:
    with pytest.raises(CourseError, match="no lesson is called 'tyo'"):
        grade_class(toy_course, "tyo", Selection(), OPTIONS, on_progress=lambda step: None)
