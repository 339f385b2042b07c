"""Fixtures of what the tests of grading share: processes, of which there is one set a session."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.grading.loopback import Loopback


@pytest.fixture(scope="session")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Loopback"]:
    """Provide a referee in this process, which forks student processes without a sandbox."""
    from tests.grading.loopback import Loopback

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        patch.setenv("NBGRADER_EXECUTION", "autograde")
        patch.setenv("MPLBACKEND", "agg")
        yield Loopback()
