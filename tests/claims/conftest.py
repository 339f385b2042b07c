"""What the tests of the claims share."""

import pytest

from claims.claim import Lesson, read_lessons
from claims.dependencies import ROOT
from claims.evidence import Evidence, read_evidence
from course.layout import Course


def every_lesson() -> list[Lesson]:
    return read_lessons(Course(ROOT).lessons)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes a lesson, or a claim of one, for each."""
    if "claim" in metafunc.fixturenames:
        pairs = [(lesson, claim) for lesson in every_lesson() for claim in lesson.claims]
        names = [f"{lesson.name}: {claim.statement}" for lesson, claim in pairs]
        metafunc.parametrize(("lesson", "claim"), pairs, ids=names)
    elif "lesson" in metafunc.fixturenames:
        lessons = every_lesson()
        metafunc.parametrize("lesson", lessons, ids=[lesson.name for lesson in lessons])


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    """Provide what the file has."""
    return read_evidence()
