"""What a course lets its students' code import is a setting of its own, and nothing by default."""

import json
from pathlib import Path

import pytest

from course.build import build
from course.layout import Course
from tests.command import Ended, course_command
from tests.handing_in import hand_in
from tests.toy import make_toy_course

pytestmark = pytest.mark.slow

USES_HELPERS = "import helpers\n\ndef double(number):\n    return helpers.FACTOR * number"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Provide a course whose folder has a module of the name that this course's package has."""
    course = make_toy_course(tmp_path / "course-root")
    build(course)
    (course.root / "helpers.py").write_text("FACTOR = 2")
    hand_in(course, "ann", {"double": USES_HELPERS})
    return course


def grade(course: Course) -> Ended:
    options = ("--isolation", "process", "--jobs", "1", "--json")
    return course_command("grade", "toy", *options, folder=course.root)


def points(ended: Ended) -> float:
    [row] = json.loads(ended.out)
    return float(row["score"])


def let_import(course: Course, *names: str) -> None:
    file = course.root / "pyproject.toml"
    file.write_text(f"{file.read_text()}readable = {json.dumps(names)}\n")


def test_a_module_of_the_courses_folder_is_in_nobodys_way(course: Course) -> None:
    hand_in(course, "ann", {"double": "def double(number):\n    return 2 * number"})
    assert points(grade(course)) == 2


def test_without_the_setting_it_cannot_be_imported(course: Course) -> None:
    ended = grade(course)
    assert (points(ended), ended.code) == (0, 0)


def test_with_the_setting_it_can(course: Course) -> None:
    let_import(course, "helpers")
    assert points(grade(course)) == 2


def test_a_name_of_nothing_is_one_line(course: Course) -> None:
    let_import(course, "nothing_of_the_kind")
    ended = grade(course)
    assert ended.code == 1
    assert "pyproject.toml: `readable` names 'nothing_of_the_kind'" in ended.line


def test_a_package_that_cannot_be_imported_is_nobodys_zero(course: Course) -> None:
    (course.root / "helpers.py").write_text("import a_library_that_is_not_installed")
    master = course.masters / "toy" / "toy.ipynb"
    master.write_text(master.read_text().replace("device = 'auto'", "import helpers"))
    build(course)
    let_import(course, "helpers")
    ended = grade(course)
    assert ended.code == 1
    assert "No module named 'a_library_that_is_not_installed'" in ended.err
    assert not list((course.root / "results").rglob("*.json"))


@pytest.mark.parametrize("name", ["random.py", "course.py"])
def test_a_file_that_would_be_taken_for_another_module_is_named(
    course: Course, name: str, tmp_path: Path
) -> None:
    (course.root / name).touch()
    let_import(course, "helpers")
    # Elsewhere, as `python -m` itself would take what is in the working folder for its modules.
    ended = course_command("--root", str(course.root), "grade", "toy", folder=tmp_path)
    assert ended.code == 1
    assert f"{name}: would be imported in place of another module" in ended.line
