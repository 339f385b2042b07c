"""The command as a user gives it, from a fresh course to a graded class, and its installation."""

import re
import shutil
from pathlib import Path

import pytest

from course.layout import Course, notebook
from tests.command import Ended, course_command, python
from tests.toy import make_toy_course

pytestmark = pytest.mark.slow

HIDE = """
import runpy, sys


class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "typer":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hide())
runpy.run_module("course", run_name="__main__")
"""


def hand_in(course: Course, student: str) -> None:
    """Hand in the solution as the student's own."""
    target = notebook(course.submitted / student, "toy")
    target.parent.mkdir(parents=True)
    shutil.copy(notebook(course.solutions, "toy"), target)


# --- the whole way, as a user goes it ---


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """Provide how each command ended, from a fresh course to a graded class."""
    course = make_toy_course(tmp_path_factory.mktemp("way") / "course-root")
    done = {}

    def take(step: str, *arguments: str) -> None:
        done[step] = course_command(*arguments, folder=course.root)

    take("first summary", "summary")
    take("build", "build")
    take("check", "check")
    take("run", "run", "--device", "cpu", "--parameter", "epochs=1")
    hand_in(course, "ann")
    (course.submitted / "bob").mkdir()
    take("grade", "grade", "toy")
    take("last summary", "summary")
    return done


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("first summary", 0),
        ("build", 0),
        ("check", 0),
        # The student version of the toy has a bare assert, which its stub fails.
        ("run", 1),
        ("grade", 3),  # bob needs a person
        ("last summary", 0),
    ],
)
def test_exit_code_tells_how_it_went(way: dict[str, Ended], step: str, code: int) -> None:
    assert way[step].code == code


def test_nothing_is_written_to_stderr_where_nobody_made_a_mistake(way: dict[str, Ended]) -> None:
    assert {step: ended.err for step, ended in way.items() if ended.err} == {}


def test_output_that_is_no_terminal_has_no_colours_and_no_empty_first_line(
    way: dict[str, Ended],
) -> None:
    for ended in way.values():
        assert "\x1b" not in ended.out
        assert ended.out.splitlines()[0].strip()


def test_build_names_what_it_wrote(way: dict[str, Ended]) -> None:
    for file in ("release/toy/toy.ipynb", "solutions/toy/toy.ipynb"):
        assert f"written {file}\n" in way["build"].out


def test_check_of_a_clean_course_says_so(way: dict[str, Ended]) -> None:
    assert way["check"].out == "✔ nothing wrong in 1 lesson(s)\n"


def test_run_tells_which_notebook_failed_where_and_why(way: dict[str, Ended]) -> None:
    lines = way["run"].out.splitlines()
    assert "✘ release/toy/toy.ipynb, cell test-double" in lines
    assert "AssertionError: double(2) should be 4" in lines
    assert "1 of 2 notebooks ran; report: build/executed/index.html" in lines
    assert any(line.startswith("✔ toy (solution)") for line in lines)


def test_grade_shows_the_points_of_every_student(way: dict[str, Ended]) -> None:
    assert re.search(r"ann\W+2/2\W+2/2", way["grade"].out)
    assert "grades: grades/toy.csv; feedback: feedback" in (way["grade"].out)


def test_grade_shows_who_needs_a_person(way: dict[str, Ended]) -> None:
    assert re.search(r"bob\W+toy/toy\.ipynb is missing", way["grade"].out)
    assert "1 submission(s) need a person" in way["grade"].out


def test_summary_lists_what_there_is_and_promises_nothing_else(way: dict[str, Ended]) -> None:
    assert way["first summary"].out.count("not made yet") == 5
    out = way["last summary"].out
    assert "not made yet" not in out
    for path in (
        "release/toy/toy.ipynb",
        "build/executed/toy.html",
        "build/executed/index.html",
        "grades/toy.csv",
        "feedback",
    ):
        assert path in out


# --- help and installation ---


def test_help_lists_every_command(tmp_path: Path) -> None:
    ended = course_command("--help", folder=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    for command in ("build", "check", "run", "grade", "prove", "sample", "summary"):
        assert re.search(rf"^\W*{command} +[A-Z]", ended.out, flags=re.MULTILINE)


def test_help_is_quick_as_nothing_heavy_is_imported(tmp_path: Path) -> None:
    look = "import sys, course.cli; print({'torch', 'nbgrader', 'papermill'} & set(sys.modules))"
    assert python("-c", look, folder=tmp_path).out.strip() == "set()"


def test_a_library_of_notebooks_is_quick_as_it_compiles_no_grammars(tmp_path: Path) -> None:
    look = "import sys, nbformat; print({'lark', 'rfc3987_syntax'} & set(sys.modules))"
    assert python("-c", look, folder=tmp_path).out.strip() == "set()"


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    ended = python("-c", HIDE, folder=tmp_path)
    assert ended.code == 1
    assert ended.line == "error: typer is not installed; run `pip install '.[course]'` or `make`"


def test_a_terminal_without_check_marks_gets_another_sign(toy_course: Course) -> None:
    ended = course_command("build", folder=toy_course.root, PYTHONIOENCODING="ascii")
    assert (ended.code, ended.err) == (0, "")
    assert "? release/ and solutions/: 2 file(s) brought up to date" in ended.out
