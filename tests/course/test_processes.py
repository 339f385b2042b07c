"""Tasks run in processes of their own, which may die."""

import os
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from course.processes import run_apart


@pytest.mark.slow
def test_process_that_dies_is_replaced_and_its_task_tried_again(tmp_path: Path) -> None:
    markers = [tmp_path / "once", tmp_path / "no-such-folder" / "never"]
    found = dict(run_apart(die_unless_marked, markers, jobs=1))
    assert found[markers[0]] == "lived"
    assert isinstance(found[markers[1]], BrokenProcessPool)


def die_unless_marked(marker: Path) -> str:
    """Die at the first call; where no marker can be written, at every one."""
    if marker.exists():
        return "lived"
    if marker.parent.exists():
        marker.touch()
    os._exit(1)
