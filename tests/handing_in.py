"""Hand in the student version of a toy course, with answers in it."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.layout import Course, notebook
from tests.toy import write_notebook


def hand_in(course: Course, student: str, answers: dict[str, str] | None = None) -> NotebookNode:
    """Write the student version with these answers as the student's, and return it."""
    nb = student_version(course, answers or {})
    write_notebook(nb, handed_in(course, student))
    return nb


def student_version(course: Course, answers: dict[str, str]) -> NotebookNode:
    nb = nbformat.read(notebook(course.release, "toy"), as_version=4)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    return nb


def handed_in(course: Course, student: str) -> Path:
    return notebook(course.submitted / student, "toy")
