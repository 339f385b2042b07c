"""Fixtures that several test modules share."""

from pathlib import Path

import pytest

from course.layout import Course
from tests.toy import make_toy_course


@pytest.fixture
def toy_course(tmp_path: Path) -> Course:
    """Provide a fresh one-lesson course of its own to each test."""
    return make_toy_course(tmp_path / "course-root")
