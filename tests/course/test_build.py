"""Release and solutions are a pure function of the masters, the settings and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course.build import Difference, build, find_differences
from course.converters import create_gradebook
from course.errors import CourseError
from course.layout import Course, notebook
from course.notebooks import read
from tests.toy import (
    DOUBLE,
    REPOSITORY_ROOT,
    TEST_DOUBLE,
    answer_cell,
    check_cell,
    make_toy_course,
    toy_cells,
    toy_notebook,
    write_notebook,
)

RELEASE, SOLUTION = Path("release/toy/toy.ipynb"), Path("solutions/toy/toy.ipynb")


def generated(course: Course) -> dict[Path, bytes]:
    """Return the content of each generated file."""
    files = [*course.release.rglob("*"), *course.solutions.rglob("*")]
    return {file.relative_to(course.root): file.read_bytes() for file in files if file.is_file()}


def sources(path: Path) -> dict[str, str]:
    return {cell.id: cell.source for cell in read(path).cells}


def change_solution(course: Course) -> None:
    cells = toy_cells()
    cells[2] = answer_cell("double", DOUBLE.replace("number + number", "2 * number"))
    write_notebook(toy_notebook(cells), notebook(course.masters, "toy"))


def test_build_makes_a_student_version_and_a_solution_of_each_master(toy_course: Course) -> None:
    assert build(toy_course) == [Difference(RELEASE, "missing"), Difference(SOLUTION, "missing")]
    assert generated(toy_course).keys() == {RELEASE, SOLUTION}


def test_student_version_has_a_stub_that_runs_and_the_visible_test_only(toy_course: Course) -> None:
    build(toy_course)
    student = sources(toy_course.root / RELEASE)
    namespace: dict[str, object] = {}
    exec(student["double"], namespace)
    assert namespace["double"](2) is None  # type: ignore[operator]
    assert student["test-double"].strip() == TEST_DOUBLE.splitlines()[0]
    assert "integers" not in student["think-even"]
    assert "even" not in student["think-even"]


def test_solution_keeps_the_answers_but_no_hidden_test_and_no_marking_guide(
    toy_course: Course,
) -> None:
    build(toy_course)
    solved = sources(toy_course.root / SOLUTION)
    assert solved["double"] == DOUBLE
    assert solved["test-double"].strip() == TEST_DOUBLE.splitlines()[0]
    assert solved["think-even"].strip() == "Twice anything is even."


def test_colab_link_opens_the_student_version_from_both(toy_course: Course) -> None:
    build(toy_course)
    address = (
        "https://colab.research.google.com/github/YOUR_ORGANISATION/toy/blob/main/"
        "release/toy/toy.ipynb"
    )
    for path in (RELEASE, SOLUTION):
        assert f"({address})" in sources(toy_course.root / path)["title"]


@pytest.mark.slow
def test_a_release_opens_and_installs_what_is_behind_its_tag(toy_course: Course) -> None:
    nb = toy_notebook(toy_cells())
    nb.cells[1].source = 'source = "{{ requirement }}"'
    write_notebook(nb, notebook(toy_course.masters, "toy"))
    file = toy_course.root / "pyproject.toml"
    file.write_text('[project]\nversion = "1.2.0"\n' + file.read_text())
    build(toy_course)
    for folder in (toy_course.release, toy_course.solutions):
        title, source = (cell.source for cell in read(notebook(folder, "toy")).cells[:2])
        assert "/YOUR_ORGANISATION/toy/blob/v1.2.0/release/toy/toy.ipynb" in title
        assert source == 'source = "git+https://github.com/YOUR_ORGANISATION/toy@v1.2.0"'


@pytest.mark.slow
def test_second_build_changes_nothing(toy_course: Course) -> None:
    build(toy_course)
    before = generated(toy_course)
    assert build(toy_course) == []
    assert generated(toy_course) == before


@pytest.mark.slow
def test_bytes_depend_neither_on_the_folder_nor_on_the_working_folder(
    toy_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(toy_course)
    clone = Course(tmp_path / "elsewhere" / "deeper" / "clone")
    shutil.copytree(toy_course.masters, clone.masters)
    for name in ("nbgrader_config.py", "pyproject.toml"):
        shutil.copy(toy_course.root / name, clone.root)
    monkeypatch.chdir(tmp_path)
    build(clone)
    assert generated(clone) == generated(toy_course)


@pytest.mark.slow
def test_stock_nbgrader_in_the_checkout_makes_the_same_bytes(
    toy_course: Course, tmp_path: Path
) -> None:
    build(toy_course)
    stock = make_toy_course(tmp_path / "stock")
    tools = Path(sys.executable).parent
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY_ROOT),
        "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
    }
    create_gradebook(stock)  # else nbgrader takes many seconds to look up its version
    command = [str(tools / "nbgrader"), "generate_assignment", "toy", "--force"]
    subprocess.run(command, cwd=stock.root, env=environment, check=True, capture_output=True)
    assert generated(stock) == {RELEASE: generated(toy_course)[RELEASE]}


@pytest.mark.slow
def test_changed_master_makes_stale_what_shows_the_change(toy_course: Course) -> None:
    build(toy_course)
    change_solution(toy_course)
    assert find_differences(toy_course) == [Difference(SOLUTION, "changed")]
    assert find_differences(toy_course) == build(toy_course)
    assert "2 * number" in sources(toy_course.root / SOLUTION)["double"]


def test_looking_for_differences_mends_nothing(toy_course: Course) -> None:
    find_differences(toy_course)
    assert generated(toy_course) == {}


@pytest.mark.slow
def test_what_no_master_makes_goes_away(tmp_path: Path) -> None:
    course = make_toy_course(tmp_path / "course")
    make_toy_course(course.root, lesson="old")
    build(course)
    shutil.rmtree(course.masters / "old")
    course = Course(course.root)
    build(course)
    assert generated(course).keys() == {RELEASE, SOLUTION}


def test_checkpoints_of_an_editor_are_left_alone(toy_course: Course) -> None:
    build(toy_course)
    checkpoint = toy_course.release / "toy" / ".ipynb_checkpoints" / "toy-checkpoint.ipynb"
    checkpoint.parent.mkdir()
    checkpoint.write_text("{}")
    assert build(toy_course) == []
    assert checkpoint.exists()


def test_build_writes_nothing_but_the_generated_folders(toy_course: Course) -> None:
    before = {path.name for path in toy_course.root.iterdir()}
    build(toy_course)
    assert {path.name for path in toy_course.root.iterdir()} - before == {"release", "solutions"}


def test_build_stays_away_from_the_gradebook_of_the_class(toy_course: Course) -> None:
    gradebook = toy_course.root / "grades.db"
    with (toy_course.root / "nbgrader_config.py").open("a") as file:
        file.write(f"\nc.CourseDirectory.db_url = {f'sqlite:///{gradebook}'!r}\n")
    build(toy_course)
    assert not gradebook.exists()


@pytest.mark.parametrize("name", ["nbgrader_config.py", "pyproject.toml"])
def test_missing_settings_are_named(toy_course: Course, name: str) -> None:
    (toy_course.root / name).unlink()
    with pytest.raises(CourseError, match=rf"{name}: missing; restore it"):
        build(toy_course)


def test_damaged_master_is_named_and_nothing_is_changed(toy_course: Course) -> None:
    build(toy_course)
    before = generated(toy_course)
    notebook(toy_course.masters, "toy").write_text("no notebook")
    with pytest.raises(CourseError, match=r"toy\.ipynb: not a notebook .*; save it again"):
        build(toy_course)
    assert generated(toy_course) == before


def test_master_that_nbgrader_refuses_is_named_with_the_reason(toy_course: Course) -> None:
    unfinished = DOUBLE.replace("    ### END SOLUTION", "")
    cells = [answer_cell("double", unfinished), check_cell("double", TEST_DOUBLE)]
    write_notebook(toy_notebook(cells), notebook(toy_course.masters, "toy"))
    expected = r"source_notebooks/toy/toy\.ipynb: nbgrader refuses it .*no end solution.*; mend"
    with pytest.raises(CourseError, match=expected):
        build(toy_course)
