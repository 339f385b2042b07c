"""Students see a few folders and variables, and no more."""

import os
import sys
from pathlib import Path

import pytest

from course.grading.inside.limits import HOME, TEMPORARY
from course.grading.sandbox.environment import (
    MOUNTED,
    find_masked,
    find_visible,
    import_path,
    make_environment,
    one_thread,
)

ROOT = Path(__file__).parents[3]


def test_of_this_package_three_folders_are_mounted_and_no_referee() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in MOUNTED}
    assert names == {
        *("course/__init__.py", "course/grading/__init__.py"),
        *("course/grading/border", "course/grading/inside", "course/grading/student"),
    }
    assert all(path.exists() for path in MOUNTED)


def test_folders_are_visible_before_what_is_in_them(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    visible = find_visible([inner, tmp_path])
    assert visible.index(tmp_path) < visible.index(inner)
    assert {Path(sys.prefix), *MOUNTED} <= set(visible)


def test_shared_folders_are_masked_unless_something_visible_lies_there() -> None:
    assert find_masked([Path("/srv")]) == ("/tmp", "/dev/shm")
    assert find_masked([Path("/srv"), Path("/tmp/course")]) == ("/dev/shm",)


def test_nothing_comes_from_the_graders_own_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    monkeypatch.setenv("PYTHONPATH", "/hidden")
    environment = make_environment([], {}, home=tmp_path)
    assert "hidden" not in str(environment)
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"


def test_a_course_may_add_variables_but_change_none(tmp_path: Path) -> None:
    more = {"COURSE_CACHE": "/srv/cache", "HOME": "/elsewhere"}
    environment = make_environment([], more, home=tmp_path)
    assert environment["COURSE_CACHE"] == "/srv/cache"
    assert environment["HOME"] == environment["TMPDIR"] == str(tmp_path)


def test_in_a_sandbox_temporary_files_have_a_folder_of_their_own() -> None:
    assert make_environment([], {}, home=HOME)["TMPDIR"] == str(TEMPORARY)


def test_no_library_starts_a_thread() -> None:
    found = one_thread()
    assert found["OMP_NUM_THREADS"] == "1"
    assert found["CUDA_VISIBLE_DEVICES"] == ""


@pytest.mark.parametrize("path", ["pkg", "pkg/inner", "pkg/inner/module.py", "single.py"])
def test_modules_are_found_from_the_folder_around_their_packages(tmp_path: Path, path: str) -> None:
    (tmp_path / "pkg" / "inner").mkdir(parents=True)
    for file in ("pkg/__init__.py", "pkg/inner/__init__.py", "pkg/inner/module.py", "single.py"):
        (tmp_path / file).touch()
    assert import_path([tmp_path / path]) == str(tmp_path)


def test_folders_of_data_are_not_imported_from(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "single.py").touch()
    found = import_path([tmp_path / "data", tmp_path / "single.py", tmp_path / "single.py"])
    assert found.split(os.pathsep) == [str(tmp_path)]
