"""Files beside a notebook are found without following links."""

from pathlib import Path

from course.grading.intake.files import Files, find_files


def names(folder: Path) -> list[str]:
    return [file.name for file in find_files(folder)]


def test_files_are_named_by_their_path_and_come_in_order(tmp_path: Path) -> None:
    (tmp_path / "data" / "inner").mkdir(parents=True)
    for name in ("tools.py", "data/b.csv", "data/inner/a.txt"):
        (tmp_path / name).touch()
    assert names(tmp_path) == ["data/b.csv", "data/inner/a.txt", "tools.py"]
    assert all(file.path == tmp_path / file.name for file in find_files(tmp_path))


def test_notebooks_and_what_programs_leave_behind_are_left_out(tmp_path: Path) -> None:
    for folder in ("__pycache__", ".ipynb_checkpoints", "feedback"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file.txt").touch()
    for name in ("toy.ipynb", ".hidden", "tools.pyc", "timestamp.txt", "kept.txt"):
        (tmp_path / name).touch()
    assert names(tmp_path) == ["kept.txt"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "here" / "file.txt").symlink_to(tmp_path / "elsewhere" / "secret.txt")
    assert names(tmp_path / "here") == []


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert find_files(tmp_path / "nowhere") == []


def test_what_can_be_imported_is_known_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    for name in ("tools.py", "package/module.py", "table.csv"):
        (tmp_path / name).touch()
    modules = Files(tuple(find_files(tmp_path))).modules
    assert {"tools", "package"} <= modules
    assert "module" not in modules
