"""A lesson of the course gets the same points from nbgrader alone as from this grader."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from benchmarks.stock_nbgrader import run_nbgrader
from course.grading.classroom import Selection, grade_class
from course.grading.engine.options import GradingOptions
from course.layout import Course, notebook
from course.notebooks import grading, is_test, read
from course.provided import provide
from tests.this_course import COURSE

pytestmark = pytest.mark.slow(minutes=1)

LESSON = "data_augmentation"  # the quickest to run: nothing long is trained


def make_class(root: Path, students: Mapping[str, Path]) -> Course:
    """Make a course of one lesson, of which students hand in what is in these folders."""
    course = Course(root)
    for folder in ("masters", "release"):
        source = getattr(COURSE, folder) / LESSON
        shutil.copytree(source, getattr(course, folder) / LESSON)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(COURSE.root / name, course.root)
    for student, origin in students.items():
        target = notebook(course.submitted / student, LESSON)
        target.parent.mkdir(parents=True)
        shutil.copy(notebook(origin, LESSON), target)
    return course


@pytest.fixture
def classroom(tmp_path: Path) -> Course:
    return make_class(tmp_path, {"blank": COURSE.release, "solved": COURSE.masters})


def everything() -> float:
    """Return the points that the tests of the lesson give."""
    master = read(notebook(COURSE.masters, LESSON))
    return float(sum(grading(cell)["points"] for cell in master.cells if is_test(cell)))


def test_nbgrader_and_this_grader_give_the_same_points(classroom: Course) -> None:
    options = provide(COURSE, GradingOptions(jobs=1, time_limit=300))
    report = grade_class(classroom, LESSON, Selection(), options, on_progress=lambda step: None)
    here = {graded.student: graded.score for graded in report.graded}

    run_nbgrader(classroom.root, "generate_assignment", LESSON, "--force")
    run_nbgrader(classroom.root, "autograde", LESSON)
    with Gradebook(f"sqlite:///{classroom.root / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(LESSON)
        there = {submission.student.id: submission.score for submission in submissions}
    assert here == there == {"blank": 0, "solved": everything()}
