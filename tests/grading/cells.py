"""Cells as tests write them: one of the instructor's, an answer, its tests."""

from course.grading.model.cells import Cell, Role
from course.ipython_code import defined_names


def given(source: str) -> Cell:
    return Cell(Role.GIVEN, "imports", "code", source, (), 0.0, skipped=False)


def answer(source: str, name: str = "f") -> Cell:
    return Cell(Role.ANSWER, name, "code", source, defined_names(source) or ("f",), 0.0, False)


def question(source: str, cell: str = "test_f") -> Cell:
    return Cell(Role.TEST, cell, "code", source, (), 2.0, skipped=False)
