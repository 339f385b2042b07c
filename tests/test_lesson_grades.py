"""Every lesson gives nothing for a blank notebook and everything for its solution."""

import shutil

import pytest
from nbgrader.api import Gradebook

from course.grading.classroom import Selection, grade_class
from course.grading.grader import Terms, provide_helpers
from course.layout import Course, notebook
from course.notebooks import grading, is_test, read
from tests.nbgrader_course import run_nbgrader
from tests.sample_class import COURSE

# `course grade` for every lesson; for one of them, what stock nbgrader gives as well.
CASES = [*((lesson, "course") for lesson in COURSE.lessons), ("norm_penalties", "nbgrader")]
Graded = tuple[str, dict[str, float]]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def graded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Provide a lesson, and the scores of its blank student version and of the master itself."""
    lesson, engine = request.param
    course = Course(tmp_path_factory.mktemp("grading") / "checkout")
    for folder in ("masters", "release"):
        source = getattr(COURSE, folder) / lesson
        shutil.copytree(source, getattr(course, folder) / lesson)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(COURSE.root / name, course.root)
    for student, origin in (("blank", COURSE.release), ("solved", COURSE.masters)):
        target = notebook(course.submitted / student, lesson)
        target.parent.mkdir(parents=True)
        shutil.copy(notebook(origin, lesson), target)
    grade = grade_with_course if engine == "course" else grade_with_nbgrader
    return lesson, grade(course, lesson)


def grade_with_course(course: Course, lesson: str) -> dict[str, float]:
    terms = Terms(jobs=1, readable=provide_helpers())
    report = grade_class(course, lesson, Selection(), terms, on_progress=lambda step: None)
    assert report.problems == ()
    return {result.student: result.score for result in report.results}


def grade_with_nbgrader(course: Course, lesson: str) -> dict[str, float]:
    run_nbgrader(course.root, "generate_assignment", lesson, "--force")
    run_nbgrader(course.root, "autograde", lesson)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(lesson)
        return {submission.student.id: submission.score for submission in submissions}


def test_blank_student_version_scores_nothing(graded: Graded) -> None:
    _, scores = graded
    assert scores["blank"] == 0


def test_solution_scores_all_points_that_tests_give(graded: Graded) -> None:
    lesson, scores = graded
    master = read(notebook(COURSE.masters, lesson))
    points = [grading(cell)["points"] for cell in master.cells if is_test(cell)]
    assert scores["solved"] == sum(points) > 0
