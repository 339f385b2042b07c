"""A course of two notebooks with every kind of cell that nbgrader knows, and its tools."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook

from course.converters import lesson_config, saved_notebook
from course.layout import Course
from tests.toy import (
    DOUBLE,
    PYPROJECT,
    REPOSITORY_ROOT,
    TEST_DOUBLE,
    THINK,
    answer_cell,
    check_cell,
    grading_metadata,
    toy_notebook,
    write_notebook,
)

LESSON = "week"
NAMES = ("one", "two")
TASK = """<b>Plot it</b> in a cell below.

### BEGIN MARK SCHEME
1 point for a title.
### END MARK SCHEME"""
LABELS = {
    "course": ("id",),
    "student": ("id",),
    "assignment": ("name",),
    "notebook": ("assignment_id", "name"),
    "base_cell": ("notebook_id", "name", "type"),
    "grade_cells": ("id",),
    "solution_cells": ("id",),
    "task_cells": ("id",),
    "source_cell": ("notebook_id", "name"),
    "submitted_assignment": ("assignment_id", "student_id"),
    "submitted_notebook": ("notebook_id", "assignment_id"),
    "grade": ("notebook_id", "cell_id"),
    "comment": ("notebook_id", "cell_id"),
}


def written_cell(name: str, source: str, **flags: Any) -> NotebookNode:
    """Return a cell that a person marks."""
    marks = {"grade": True, "solution": True, "points": 2} | flags
    return new_markdown_cell(source, metadata=grading_metadata(name, **marks))


def first_cells() -> list[NotebookNode]:
    return [
        new_markdown_cell("# Doubling"),
        new_markdown_cell("Read this.", metadata=grading_metadata("read_me", locked=True)),
        answer_cell("double", DOUBLE),
        check_cell("double", TEST_DOUBLE),
        new_markdown_cell("## Thinking"),
        written_cell("think_even", THINK),
    ]


def second_cells() -> list[NotebookNode]:
    marks = {"grade": True, "solution": True, "points": 4}
    return [
        new_markdown_cell("# Writing"),
        answer_cell(
            "halve", "def halve(x):\n    ### BEGIN SOLUTION\n    ...\n    ### END SOLUTION"
        ),
        check_cell("halve", "assert halve(4) == 2", 3),
        new_code_cell("draw = 'a plot'", metadata=grading_metadata("draw", **marks)),
        new_markdown_cell(
            TASK, metadata=grading_metadata("plot", task=True, locked=True, points=5)
        ),
    ]


def make_course(root: Path) -> Course:
    """Write a course of one assignment under `root`, with the settings of this one."""
    course = Course(root)
    for name, cells in zip(NAMES, (first_cells(), second_cells()), strict=True):
        write_notebook(toy_notebook(cells), course.masters / LESSON / f"{name}.ipynb")
    shutil.copy(REPOSITORY_ROOT / "nbgrader_config.py", root)
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return course


def saved_notebooks(course: Course) -> dict[str, Any]:
    """Return the masters as the gradebook knows them."""
    config = lesson_config(course, LESSON)
    paths = sorted((course.masters / LESSON).glob("*.ipynb"))
    return {
        path.stem: saved_notebook(nbformat.read(path, as_version=4), path.stem, config)
        for path in paths
    }


def rows(gradebook: Path) -> dict[str, dict[Any, dict[str, Any]]]:
    """Return every row of every table, with names in place of random ids."""
    labels: dict[Any, Any] = {}
    tables = {}
    with closing(sqlite3.connect(gradebook)) as connection:
        connection.row_factory = sqlite3.Row
        for table, key in LABELS.items():
            found = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]
            tables[table] = dict(_labelled(row, key, labels) for row in found)
    return tables


def _labelled(
    row: dict[str, Any], key: tuple[str, ...], labels: dict[Any, Any]
) -> tuple[Any, dict[str, Any]]:
    values = {column: labels.get(value, value) for column, value in row.items()}
    label = tuple(values[column] for column in key)
    if "id" in row and row["id"] not in labels:
        labels[row["id"]] = label
    return label, {column: value for column, value in values.items() if column != "id"}


def auto_grades(url: str, assignment: str) -> dict[str, dict[str, tuple[float | None, bool]]]:
    """Return of each student's cells the points that the autograder gave, and who must look."""
    with Gradebook(url) as book:
        return {
            submission.student.id: {
                grade.name: (grade.auto_score, grade.needs_manual_grade)
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in book.assignment_submissions(assignment)
        }
