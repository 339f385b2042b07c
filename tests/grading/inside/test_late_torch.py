"""Torch that is imported late is imported as it must be, tried with one that only notes how."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import python

# It stands where libraries are installed.
TORCH = """
import resource, sys, warnings
from types import SimpleNamespace
import found_by_torch
limit = resource.getrlimit(resource.RLIMIT_AS)[0]
warnings.warn("of no concern to a notebook")
seeds = []
default_generator = SimpleNamespace(manual_seed=seeds.append)
"""
# It runs in a working folder whose files stand in for libraries, as in a notebook.
IMPORT = """
import importlib.util, json, resource, sys, warnings
from course.grading.inside.late_torch import prepare_for_torch, room_for_torch
sys.path = ["", "../installed", *sys.path[1:]]
resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40 + 1))
prepare_for_torch()
warnings.simplefilter("error")
found = importlib.util.find_spec("torch").origin
room = [room_for_torch() > 0]
import torch
room.append(room_for_torch() > 0)
told = [torch.seeds, torch.limit - 2**40, torch.found_by_torch.place, found, sys.path[0], room]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Provide what a process tells that has imported such a torch."""
    folder = tmp_path_factory.mktemp("late")
    for place, source in (("installed", TORCH), ("working", "default_generator = None")):
        (folder / place).mkdir()
        (folder / place / "torch.py").write_text(source)
        (folder / place / "found_by_torch.py").write_text(f"place = {place!r}")
    ended = python("-c", IMPORT, folder=Path(folder, "working"))
    assert ended.code == 0, ended.err
    found: list[Any] = json.loads(ended.out)
    return found


def test_it_is_seeded_once(told: list[Any]) -> None:
    assert told[0] == [0]


def test_it_has_room_for_its_addresses(told: list[Any]) -> None:
    assert told[1] == 1


def test_no_file_of_the_working_folder_stands_in_for_it_or_what_it_imports(told: list[Any]) -> None:
    assert (told[2], Path(told[3]).parent.name) == ("installed", "installed")


def test_the_working_folder_is_on_the_path_again_afterwards(told: list[Any]) -> None:
    assert told[4] == ""


def test_room_is_left_only_until_it_is_there(told: list[Any]) -> None:
    assert told[5] == [True, False]
