"""What is done for forks: imports before the first one, and huge pages where there are many."""

import sys
from pathlib import Path

import pytest

from course.grading.inside import forkable
from course.grading.inside.forkable import MANY_FORKS, Forks, import_if_there


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a folder on the path of imports."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_module_that_is_there_is_imported(folder: Path) -> None:
    (folder / "found_here.py").touch()
    import_if_there("found_here")
    assert sys.modules.pop("found_here")


@pytest.mark.parametrize("name", ["not_to_be_found", "not_to_be_found.inside", "json.not_there"])
def test_one_that_is_not_there_is_left_out(folder: Path, name: str) -> None:
    import_if_there(name)
    assert name not in sys.modules


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import no_such_library", "no_such_library"),
        ("from os import no_such_name", "no_such_name"),
    ],
)
def test_one_that_is_there_and_cannot_be_imported_says_why(
    folder: Path, source: str, error: str
) -> None:
    (folder / "broken_inside.py").write_text(source)
    with pytest.raises(ImportError, match=error):
        import_if_there("broken_inside")


def test_huge_pages_are_made_once_and_only_where_there_are_many_forks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    forks = Forks()
    for number in range(1, 3 * MANY_FORKS):
        monkeypatch.setattr(forkable, "_use_huge_pages", lambda now=number: made.append(now))
        forks.add()
    assert made == [MANY_FORKS]
