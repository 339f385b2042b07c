"""The course of this repository, whose lessons many tests look at."""

from typing import Any

from course.layout import Course, notebook
from course.notebooks import read
from course.sample.sample_class import exercises_in, fill, first_answers
from course.sample.students import Kind
from tests.toy import REPOSITORY_ROOT

COURSE = Course(REPOSITORY_ROOT)


def exercises(lesson: str) -> list[str]:
    """Return the names of the exercises of `lesson`, in their order."""
    return exercises_in(read(notebook(COURSE.masters, lesson)))


def answers(lesson: str, kind: Kind) -> dict[str, str]:
    """Return the first right or wrong answer to each exercise of `lesson`."""
    return first_answers(COURSE, exercises(lesson), kind)


def submission(lesson: str, sources: dict[str, str]) -> Any:
    """Return the student version of `lesson` with these answers in its cells."""
    nb = read(notebook(COURSE.release, lesson))
    fill(nb, sources)
    return nb
