"""Every lesson gives nothing for nothing, and everything for its solution, in both engines."""

import shutil

import pytest
from nbgrader.api import Gradebook

from course.grading.classroom import grade_class
from course.layout import Course, notebook
from course.notebooks import grading, is_test, read
from tests.sample_class import COURSE
from tests.test_grading import run_nbgrader

Scores = dict[str, dict[str, float]]


@pytest.fixture(scope="module", params=COURSE.lessons)
def lesson(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def scores(lesson: str, tmp_path_factory: pytest.TempPathFactory) -> Scores:
    """Provide the score of a blank student version and of the master itself, by engine."""
    course = Course(tmp_path_factory.mktemp("grading") / "checkout")
    shutil.copytree(COURSE.masters / lesson, course.masters / lesson)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(COURSE.root / name, course.root)
    for student, origin in (("blank", COURSE.release), ("solved", COURSE.masters)):
        target = notebook(course.submitted / student, lesson)
        target.parent.mkdir(parents=True)
        shutil.copy(notebook(origin, lesson), target)
    return {
        "course": grade_with_course(course, lesson),
        "nbgrader": grade_with_nbgrader(course, lesson),
    }


def grade_with_course(course: Course, lesson: str) -> dict[str, float]:
    report = grade_class(course, lesson, submitted=None, out=None, on_result=lambda *_: None)
    assert report.problems == ()
    return {result.student: result.score for result in report.results}


def grade_with_nbgrader(course: Course, lesson: str) -> dict[str, float]:
    run_nbgrader(course.root, "generate_assignment", lesson, "--force")
    run_nbgrader(course.root, "autograde", lesson)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(lesson)
        return {submission.student.id: submission.score for submission in submissions}


@pytest.mark.parametrize("engine", ["course", "nbgrader"])
def test_blank_student_version_scores_nothing(scores: Scores, engine: str) -> None:
    assert scores[engine]["blank"] == 0


@pytest.mark.parametrize("engine", ["course", "nbgrader"])
def test_solution_scores_all_points_that_tests_give(
    lesson: str, scores: Scores, engine: str
) -> None:
    master = read(notebook(COURSE.masters, lesson))
    points = [grading(cell)["points"] for cell in master.cells if is_test(cell)]
    assert scores[engine]["solved"] == sum(points) > 0
