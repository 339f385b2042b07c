"""Every lesson gives nothing for a blank notebook and everything for its solution."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from benchmarks.stock_nbgrader import run_nbgrader
from course.grading.classroom import Selection, grade_class
from course.grading.engine.options import GradingOptions
from course.grading.model.rehearsal import Rehearsal
from course.layout import Course, notebook
from course.notebooks import grading, is_test, read
from course.provided import provide
from tests.this_course import COURSE

pytestmark = pytest.mark.slow(minutes=2)

STOCK = "data_augmentation"  # the quickest to run: nothing long is trained


def make_class(root: Path, lesson: str, students: Mapping[str, Path]) -> Course:
    """Make a course of one lesson, of which students hand in what is in these folders."""
    course = Course(root)
    for folder in ("masters", "release"):
        source = getattr(COURSE, folder) / lesson
        shutil.copytree(source, getattr(course, folder) / lesson)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(COURSE.root / name, course.root)
    for student, origin in students.items():
        target = notebook(course.submitted / student, lesson)
        target.parent.mkdir(parents=True)
        shutil.copy(notebook(origin, lesson), target)
    return course


def points(lesson: str) -> float:
    """Return the points that the tests of a lesson give."""
    master = read(notebook(COURSE.masters, lesson))
    return float(sum(grading(cell)["points"] for cell in master.cells if is_test(cell)))


@pytest.mark.parametrize("lesson", COURSE.lessons)
def test_a_blank_notebook_scores_nothing_and_the_solution_everything(
    lesson: str, tmp_path: Path
) -> None:
    course = make_class(tmp_path, lesson, {"blank": COURSE.release})
    # One question trains networks anew, which takes its time beside other tests.
    options = provide(COURSE, GradingOptions(jobs=1, time_limit=300))
    report = grade_class(course, lesson, Selection(), options, on_progress=lambda step: None)
    [blank] = report.graded
    assert (blank.score, blank.max_score) == (0, points(lesson))
    assert report.rehearsals == {lesson: Rehearsal()}


def test_stock_nbgrader_gives_the_same_points(tmp_path: Path) -> None:
    students = {"blank": COURSE.release, "solved": COURSE.masters}
    course = make_class(tmp_path, STOCK, students)
    run_nbgrader(course.root, "generate_assignment", STOCK, "--force")
    run_nbgrader(course.root, "autograde", STOCK)
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        submissions = gradebook.assignment_submissions(STOCK)
        scores = {submission.student.id: submission.score for submission in submissions}
    assert scores == {"blank": 0, "solved": points(STOCK)}
