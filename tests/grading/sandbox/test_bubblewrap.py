"""The command line of bubblewrap shows what is needed, and closes all the rest."""

import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from course.errors import CourseError
from course.grading.inside.limits import HOME, UID
from course.grading.sandbox.bubblewrap import DEVICES, find_bubblewrap, make_command

VISIBLE = (Path("/opt/python"), Path("/srv/course/border"))


@pytest.fixture(autouse=True)
def bwrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program of that name, which does nothing, on the path."""
    program = tmp_path / "bwrap"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return program


def command(visible: tuple[Path, ...] = VISIBLE, **environment: str) -> list[str]:
    return make_command(visible, environment)


def values_after(option: str, line: list[str]) -> list[str]:
    return [value for name, value in pairwise(line) if name == option]


def position(line: list[str], *words: str) -> int:
    """Return where these words stand one after another."""
    width = len(words)
    return next(i for i in range(len(line)) if line[i : i + width] == list(words))


def test_it_begins_with_bubblewrap_and_ends_before_the_command(bwrap: Path) -> None:
    line = command()
    assert line[0] == str(bwrap) == find_bubblewrap()
    assert line[-1] == "--"


@pytest.mark.parametrize("kind", ["pid", "net", "ipc", "uts", "cgroup-try"])
def test_every_namespace_is_a_new_one(kind: str) -> None:
    assert f"--unshare-{kind}" in command()


def test_nothing_of_the_environment_is_left_but_what_is_named() -> None:
    line = command(LANG="C.UTF-8", HOME="/student")
    assert line.index("--clearenv") < line.index("--setenv")
    set_to = {line[i + 1]: line[i + 2] for i, word in enumerate(line) if word == "--setenv"}
    assert set_to == {"LANG": "C.UTF-8", "HOME": "/student"}


def test_what_is_visible_can_only_be_read(bwrap: Path) -> None:
    line = command()
    for path in VISIBLE:
        assert position(line, "--ro-bind", str(path), str(path))
    assert "--bind" not in line
    assert values_after("--dev-bind", line) == [f"/dev/{device}" for device in DEVICES]


def test_the_folders_around_what_is_visible_are_open_to_others_and_made_before() -> None:
    line = command()
    for folder in ("/srv", "/srv/course"):
        made = position(line, "--perms", "0755", "--dir", folder)
        assert made < position(line, "--ro-bind", "/srv/course/border", "/srv/course/border")


def test_only_the_students_folders_can_be_written_and_the_rest_at_last_not() -> None:
    line = command()
    assert values_after("--tmpfs", line)[0] == str(HOME)
    assert line.index("--remount-ro") > max(i for i, word in enumerate(line) if "bind" in word)
    assert values_after("--remount-ro", line) == ["/"]


@pytest.mark.parametrize(
    ("visible", "is_masked"), [(VISIBLE, True), ((Path("/tmp/course/border"),), False)]
)
def test_the_shared_folder_is_masked_unless_something_needed_lies_there(
    visible: tuple[Path, ...], is_masked: bool
) -> None:
    assert ("/tmp" in values_after("--tmpfs", command(visible))) is is_masked


@pytest.mark.parametrize(
    ("user", "words"),
    [(0, ("setpriv", "--reuid", "65534")), (1000, ("--unshare-user", "--uid", str(UID)))],
)
def test_nobody_is_root_inside_whoever_grades(
    user: int, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert position(command(), *words)


def test_all_capabilities_go_but_those_by_which_root_becomes_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: Mapping[int, list[str]] = {1000: [], 0: ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]}
    for user, capabilities in kept.items():
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        line = command()
        assert values_after("--cap-drop", line) == ["ALL"]
        assert values_after("--cap-add", line) == capabilities


def test_missing_bubblewrap_is_named(bwrap: Path) -> None:
    bwrap.unlink()
    with pytest.raises(CourseError, match=r"apt install bubblewrap.*--isolation process") as raised:
        command()
    assert "\n" not in str(raised.value)
