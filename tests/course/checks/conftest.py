"""Fixtures of the checks."""

import pytest

from course.build import build
from course.layout import Course


@pytest.fixture
def built_course(toy_course: Course) -> Course:
    """Provide a clean course of one lesson, built."""
    build(toy_course)
    return toy_course
