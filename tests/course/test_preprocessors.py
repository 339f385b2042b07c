"""A course's own addresses are filled in where its masters leave room for them."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from course.layout import Course
from course.preprocessors import FillPlaceholders
from tests.toy import PYPROJECT, toy_notebook


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Provide a course that is published, in whose root nbgrader works."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return Course(tmp_path)


def filled(*sources: str) -> list[str]:
    nb = toy_notebook([new_markdown_cell(sources[0]), *map(new_code_cell, sources[1:])])
    resources = {"nbgrader": {"notebook": "toy"}}
    found, same = FillPlaceholders().preprocess(nb, resources)
    assert same is resources
    return [cell.source for cell in found.cells]


def test_the_link_opens_the_student_version_in_colab(course: Course) -> None:
    [link] = filled("[Open in Colab]({{ colab }})")
    assert link == f"[Open in Colab]({course.publication.colab('release/toy/toy.ipynb')})"


def test_helpers_are_installed_from_the_courses_own_repository(course: Course) -> None:
    text, code = filled("Run this:", "%pip install '{{ requirement }}'")
    assert (text, code) == ("Run this:", f"%pip install '{course.publication.requirement}'")


def test_every_place_is_filled_and_nothing_else_changed(course: Course) -> None:
    first, second = filled("{{ colab }} {{ colab }}", "x = {{'a': 1}}  # {{ other }}")
    assert "{{" not in first
    assert second == "x = {{'a': 1}}  # {{ other }}"
