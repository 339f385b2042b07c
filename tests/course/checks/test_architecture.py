"""The architecture page leaves no folder out and makes none up; other courses need no such page."""

import subprocess
from pathlib import Path

import pytest

from course.checks.architecture import check_architecture, check_named_tests
from course.layout import Course

PACKAGES = ("border", "engine")
COMPLETE = (
    "| [`border`](course/grading/border) | [`engine`](course/grading/engine/) |\n\n"
    "[course](course), [tools](.tools), run by `.tools/run` and `course/grading/`\n"
)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Provide a repository with two packages of the grader and a folder that git does not keep."""
    files = [f"course/grading/{name}/__init__.py" for name in PACKAGES]
    for name in (*files, ".tools/run", "README.md", "build/report.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / ".gitignore").write_text("build/\n")
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    return Course(tmp_path)


def messages(course: Course, page: str) -> list[str]:
    (course.root / "ARCHITECTURE.md").write_text(page, encoding="utf-8")
    return [problem.message for problem in check_architecture(course)]


def test_a_page_that_links_to_every_folder_is_no_problem(course: Course) -> None:
    assert messages(course, COMPLETE) == []


def test_a_course_without_the_page_is_no_problem(course: Course) -> None:
    assert check_architecture(course) == []


@pytest.mark.parametrize(
    ("link", "folder"),
    [
        ("[`border`](course/grading/border)", "course/grading/border/"),
        ("[tools](.tools)", ".tools/"),
        ("[course](course)", "course/"),
    ],
)
def test_a_folder_that_the_page_leaves_out_is_found(course: Course, link: str, folder: str) -> None:
    assert link in COMPLETE
    assert messages(course, COMPLETE.replace(link, "")) == [f"does not link to `{folder}`"]


def test_a_package_is_found_without_git_too(tmp_path: Path) -> None:
    init = tmp_path / "course" / "grading" / "border" / "__init__.py"
    init.parent.mkdir(parents=True)
    init.touch()
    assert messages(Course(tmp_path), "# Rooms") == ["does not link to `course/grading/border/`"]


def test_a_name_of_what_is_not_there_is_found(course: Course) -> None:
    found = messages(course, COMPLETE + "`course/court/` and `course/grading/engine/__init__.py`")
    assert found == ["names `course/court/`, which is not there"]


@pytest.mark.parametrize(
    "words", ["`release/<lesson>/`", "`/usr/bin/bwrap`", "`a / b`", "a/b", "`engine`"]
)
def test_code_that_names_no_path_in_the_repository_is_no_problem(
    course: Course, words: str
) -> None:
    assert messages(course, f"{COMPLETE}\n{words}") == []


@pytest.mark.parametrize("page", ["GRADING.md", "CONTRIBUTING.md"])
def test_a_test_file_that_is_nowhere_is_found(course: Course, page: str) -> None:
    known = course.root / "tests" / "grading" / "test_border.py"
    known.parent.mkdir(parents=True)
    known.touch()
    (course.root / page).write_text("`test_border.py`, `tests/test_wall.py`, `test_<lesson>.py`")
    (problem,) = check_named_tests(course)
    assert problem.file == Path(page)
    assert problem.message == "names `test_wall.py`, which is nowhere under tests/"


def test_a_course_without_tests_may_name_any(course: Course) -> None:
    (course.root / "README.md").write_text("`test_border.py`")
    assert check_named_tests(course) == []
