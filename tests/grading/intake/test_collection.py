"""A class is collected from its folder; what cannot be graded is refused, and said why."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.grading.intake.assignment import Assignment
from course.grading.intake.collection import MAX_BYTES, collect, is_student_name
from course.grading.model.cells import MasterNotebook
from course.layout import notebook

TOY = Assignment("toy", (MasterNotebook("toy", (), {}, ()),))


def refused(folder: Path) -> dict[str, str | None]:
    return {result.student: result.problem for result in collect(folder, TOY).refused}


def place(folder: Path, student: str) -> Path:
    path = notebook(folder / student, "toy")
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    return path


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return place(tmp_path / "elsewhere", "secret")


def test_a_linked_notebook_is_refused(tmp_path: Path, secret: Path) -> None:
    path = place(tmp_path / "class", "eve")
    path.unlink()
    path.symlink_to(secret)
    assert "a link" in str(refused(tmp_path / "class")["eve"])


def test_a_linked_lesson_folder_is_refused(tmp_path: Path, secret: Path) -> None:
    (tmp_path / "class" / "eve").mkdir(parents=True)
    (tmp_path / "class" / "eve" / "toy").symlink_to(secret.parent)
    assert "is a link" in str(refused(tmp_path / "class")["eve"])


def test_a_linked_student_folder_is_refused(tmp_path: Path, secret: Path) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "eve").symlink_to(secret.parents[1])
    assert "is a link" in str(refused(tmp_path / "class")["eve"])


def test_a_pipe_in_place_of_a_notebook_is_refused(tmp_path: Path) -> None:
    path = place(tmp_path, "eve")
    path.unlink()
    os.mkfifo(path)
    assert "no plain file" in str(refused(tmp_path)["eve"])


def test_a_huge_notebook_is_refused(tmp_path: Path) -> None:
    os.truncate(place(tmp_path, "eve"), MAX_BYTES + 1)
    assert "larger than 50 MB" in str(refused(tmp_path)["eve"])


def test_a_renamed_notebook_is_named(tmp_path: Path) -> None:
    path = place(tmp_path, "eve")
    path.rename(path.with_name("toy (1).ipynb"))
    assert "'toy (1).ipynb'" in str(refused(tmp_path)["eve"])


@pytest.mark.parametrize(
    "name",
    ["ann", "bob.smith", "c-d_e@uni.org", "Łukasz", "李雷", "007", "a+b@uni.org", "Pat O'Neil"],
)
def test_plain_names_are_accepted(name: str) -> None:
    assert is_student_name(name)


@pytest.mark.parametrize(
    "name",
    ["..", ".ann", "-rf", "=1+1", "+1", "@sum", "a/b", "a b ", " a", "a\n", "a*", "", "x" * 61],
)
def test_hostile_names_are_refused(name: str) -> None:
    assert not is_student_name(name)


@given(st.text())
def test_an_accepted_name_is_one_harmless_part_of_a_path(name: str) -> None:
    if is_student_name(name):
        assert Path(name).parts == (name,)
        assert name[0] not in "=+-@."
        assert not set(name) & set('*?[]/\\",;\n\r\t\0')


def test_a_missing_class_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"nowhere: no such folder; put .*STUDENT/toy/toy\.ipynb"):
        collect(tmp_path / "nowhere", TOY)


def test_an_empty_class_is_named_with_the_remedy(tmp_path: Path) -> None:
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (tmp_path / name).mkdir()
    with pytest.raises(CourseError, match=r"no submissions here; put .*STUDENT/toy/toy\.ipynb"):
        collect(tmp_path, TOY)
