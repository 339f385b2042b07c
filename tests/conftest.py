"""Fixtures that several test modules share.

Every run of the tests pays for what is imported at the top of this module: nothing slow is.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from course.layout import Course

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("no deadlines", deadline=None)
settings.load_profile("no deadlines")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a failure of a claim on other seeds be repeated on another day."""
    today = date.today().toordinal()
    words = "which claims are tried on other seeds, and on which (default: counts the days)"
    parser.addoption("--claims-seed", type=int, metavar="N", default=today, help=words)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what repeats the claims of this run."""
    return f"claims: --claims-seed {config.getoption('--claims-seed')}"


@pytest.fixture(scope="session")
def claims_seed(pytestconfig: pytest.Config) -> int:
    """Provide the number that chooses claims and seeds of this run."""
    return int(pytestconfig.getoption("--claims-seed"))


@pytest.fixture
def toy_course(tmp_path: Path) -> "Course":
    """Provide a fresh one-lesson course of its own to each test."""
    from tests.toy import make_toy_course

    return make_toy_course(tmp_path / "course-root")
