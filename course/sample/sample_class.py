"""Write the submissions of a small class to every lesson, from answers that are kept anyway.

Each submission is the student version with answers from `exercises/` filled in, so that the class
follows the lessons. Nobody real is meant.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat

from course.errors import CourseError
from course.layout import Course
from course.notebooks import grading, is_answer, read
from course.proof.answers import read_answers
from course.sample.students import CLASS, Kind, Student


def write_class(course: Course, folder: Path) -> list[Path]:
    """Write a submission of each student to each lesson, and return their folders.

    They lie as `<student>/<lesson>/` in `folder`, with all files of the student version. Raises
    `CourseError` for a folder with something in it, and where a student version is missing or
    there are no answers at all.
    """
    # It might be the submissions of a real class.
    if folder.exists() and any(folder.iterdir()):
        raise CourseError(f"{folder}: not empty; name a new folder for the sample class")
    return [
        _hand_in(course, lesson, student, folder / name)
        for name, student in CLASS.items()
        for lesson in course.lessons
    ]


def _hand_in(course: Course, lesson: str, student: Student, folder: Path) -> Path:
    released, target = course.release / lesson, folder / lesson
    if not released.is_dir():
        raise CourseError(f"{released}: no student version; run `course build`, or nbgrader's own")
    shutil.copytree(released, target)
    for path in sorted(target.glob("*.ipynb")):
        nb = read(path)
        answers = first_answers(course, exercises_in(nb), student.kind)
        fill(nb, student.change(answers))
        # Last, as what a notebook goes through happens to all that is in it.
        student.mangle(nb)
        path.write_text(nbformat.writes(nb) + "\n", encoding="utf-8")
    return target


def exercises_in(nb: Any) -> list[str]:
    """Return the names of the exercises in a notebook, in their order."""
    return [grading(cell)["grade_id"] for cell in nb.cells if is_answer(cell)]


def first_answers(course: Course, exercises: list[str], kind: Kind) -> dict[str, str]:
    """Return the first right or wrong answer to each of `exercises` that has one."""
    found: dict[str, str] = {}
    for name in exercises:
        for answer in read_answers(course, name):
            if answer.is_right == (kind == "right"):
                found.setdefault(name, answer.source)
    return found


def fill(nb: Any, answers: Mapping[str, str]) -> None:
    """Write `answers` into the cells of their exercises; others stay as they are."""
    for cell in nb.cells:
        if is_answer(cell):
            cell.source = answers.get(grading(cell)["grade_id"], cell.source)
