"""Fixtures that several test modules share.

Every run of the tests pays for what is imported at the top of this module: nothing slow is.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from course.layout import Course

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("no deadlines", deadline=None)
settings.load_profile("no deadlines")


@pytest.fixture
def toy_course(tmp_path: Path) -> "Course":
    """Provide a fresh one-lesson course of its own to each test."""
    from tests.toy import make_toy_course

    return make_toy_course(tmp_path / "course-root")
