"""Fixtures of what the tests of grading share: processes, of which there is one set a session."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from course.grading.engine.grader import Grader


@pytest.fixture(scope="session")
def grader() -> Iterator["Grader"]:
    """Provide a grader with the real wall; what it grades begins with the given cell `GIVEN`."""
    from course.grading.engine.grader import Grader
    from course.grading.engine.options import GradingOptions
    from course.grading.model.cells import MasterNotebook
    from tests.grading.cases import GIVEN
    from tests.grading.cells import given

    options = GradingOptions(time_limit=3.0, memory_limit=2 * 2**30)
    with Grader(MasterNotebook("toy", (given(GIVEN),), {}, ()), options) as started:
        yield started
