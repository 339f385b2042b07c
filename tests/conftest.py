"""Fixtures that several test modules share.

Every run of the tests pays for what is imported at the top of this module: nothing slow is.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from course.layout import Course
    from tests.grading.loopback import Loopback

# How long an example takes says more of what else the machine does than of the code: no deadlines.
settings.register_profile("full", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)  # --hypothesis-profile quick
settings.load_profile("full")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a failure of a claim on other seeds be repeated on another day."""
    today = date.today().toordinal()
    words = "which claims are tried on other seeds, and on which (default: counts the days)"
    parser.addoption("--claims-seed", type=int, metavar="N", default=today, help=words)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what repeats the claims of this run."""
    return f"claims: --claims-seed {config.getoption('--claims-seed')}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, have the longest modules begin first.

    So none is left alone at the end, and the quick ones fill what time there is; this needs
    `--dist loadfile --no-loadscope-reorder`.
    """
    if hasattr(config, "workerinput"):
        items.sort(key=_minutes, reverse=True)


def _minutes(item: pytest.Item) -> float:
    """Return about how long the module of a test takes, as its marker says."""
    slow = item.get_closest_marker("slow")
    return 0 if slow is None else float(slow.kwargs.get("minutes", 0.5))


@pytest.fixture(scope="session")
def claims_seed(pytestconfig: pytest.Config) -> int:
    """Provide the number that chooses claims and seeds of this run."""
    return int(pytestconfig.getoption("--claims-seed"))


@pytest.fixture
def toy_course(tmp_path: Path) -> "Course":
    """Provide a fresh one-lesson course of its own to each test."""
    from tests.toy import make_toy_course

    return make_toy_course(tmp_path / "course-root")


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> "Loopback":
    """Provide a referee in this process, which forks student processes without a sandbox."""
    from tests.grading.loopback import Loopback

    return Loopback(tmp_path_factory.mktemp("ipython"))


@pytest.fixture(scope="module")
def without_wall() -> Iterator[None]:
    """Have submissions judged here: quick, and enough where a test is about what is around it."""
    from course.grading.engine import assignment_grader
    from tests.grading.loopback import LoopbackGrader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment_grader, "Grader", LoopbackGrader)
        yield
