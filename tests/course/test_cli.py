"""The command line: no mistake ends in a traceback, and parameters are read as they are meant."""

import errno
import re
import shutil
from inspect import signature
from pathlib import Path

import pytest

from course import cli, display
from course.build import build
from course.errors import CourseError
from course.grading.classroom import ClassReport
from course.grading.engine.options import GradingOptions
from course.grading.model.results import SubmissionResult
from course.grading.records.records import Destinations
from course.layout import Course, notebook
from tests.command import Shell
from tests.toy import answer_cell, toy_cells, toy_notebook, write_notebook


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.fixture
def course(toy_course: Course, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.chdir(toy_course.root)
    return toy_course


def hand_in(course: Course, student: str) -> None:
    """Hand in the solution as the student's own."""
    target = notebook(course.submitted / student, "toy")
    target.parent.mkdir(parents=True)
    shutil.copy(notebook(course.solutions, "toy"), target)


@pytest.mark.parametrize("arguments", [["frobnicate"], ["grade"], ["run", "--jobs", "many"]])
def test_a_wrong_command_line_is_answered_with_its_usage(
    shell: Shell, arguments: list[str]
) -> None:
    ended = shell(*arguments)
    assert ended.code == 2
    assert "Usage:" in ended.err


def test_grading_without_a_problem_succeeds(
    shell: Shell, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = Destinations.of(course, "toy", course.root / "out")
    report = ClassReport((SubmissionResult("ann"),), frozenset(), places)
    monkeypatch.setattr("course.grading.classroom.grade_class", lambda *_, **__: report)
    assert shell("grade", "toy").code == 0


def test_a_lesson_that_looks_like_markup_is_unknown_in_a_terminal_too(
    shell: Shell, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert shell("grade", "[/]").line.startswith("error: no lesson is called '[/]'")


# --- mistakes: one line that names the file and the remedy ---


@pytest.mark.parametrize("command", [["build"], ["check"], ["run"], ["grade", "toy"], ["summary"]])
def test_no_course_here(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = shell(*command)
    assert ended.code == 1
    assert ended.line.startswith(f"error: {tmp_path / 'source_notebooks'}: no master notebook here")
    assert "--root" in ended.line


def test_no_course_in_the_folder_that_is_named(shell: Shell, tmp_path: Path) -> None:
    ended = shell("--root", str(tmp_path / "nowhere"), "summary")
    assert ended.line.startswith(f"error: {tmp_path / 'nowhere' / 'source_notebooks'}: no master")


def test_a_course_elsewhere_is_found_by_its_root(
    shell: Shell, toy_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = shell("--root", "course-root", "build")
    assert ended.code == 0
    assert notebook(toy_course.release, "toy").exists()


@pytest.mark.parametrize("command", [["run", "--only", "tyo"], ["grade", "tyo"], ["grade", "[/]"]])
def test_an_unknown_lesson(shell: Shell, course: Course, command: list[str]) -> None:
    ended = shell(*command)
    assert ended.code == 1
    expected = f"error: no lesson is called {command[-1]!r}; the lessons are: toy"
    assert ended.line == expected


@pytest.mark.parametrize("text", ["", "not json", '{"cells": [', "\xff", "[]", '{"nbformat": 99}'])
def test_building_a_damaged_master(shell: Shell, course: Course, text: str) -> None:
    notebook(course.masters, "toy").write_text(text, encoding="latin-1")
    ended = shell("build")
    assert ended.code == 1
    master = notebook(course.masters, "toy")
    assert re.fullmatch(rf"error: {re.escape(str(master))}: not a notebook \(.*\); .*", ended.line)


def test_building_with_a_misspelled_marker_writes_nothing(shell: Shell, course: Course) -> None:
    master = notebook(course.masters, "toy")
    text = master.read_text().replace("BEGIN HIDDEN TESTS", "BEGIN HIDEN TESTS")
    master.write_text(text)
    ended = shell("build")
    assert ended.code == 1
    assert "cell `test-double` has the marker `### BEGIN HIDEN TESTS`" in ended.out
    assert not course.release.exists()


def test_grading_against_a_damaged_master(shell: Shell, course: Course) -> None:
    build(course)
    hand_in(course, "ann")
    notebook(course.masters, "toy").write_text("not json")
    ended = shell("grade", "toy")
    assert ended.code == 1
    assert ended.line.startswith("error: source_notebooks/toy/toy.ipynb: ")


def test_check_lists_every_problem_and_fails(shell: Shell, course: Course) -> None:
    notebook(course.masters, "toy").write_text("not json")
    ended = shell("check")
    assert ended.code == 1
    assert "✘ source_notebooks/toy/toy.ipynb: not a valid notebook" in ended.out
    assert re.search(r"^\d+ problem\(s\) in 1 lesson\(s\)$", ended.out, flags=re.MULTILINE)


def test_an_unfinished_solution_marker(shell: Shell, course: Course) -> None:
    cells = toy_cells()
    cells[2] = answer_cell("double", "### BEGIN SOLUTION\ndouble = None")
    write_notebook(toy_notebook(cells), notebook(course.masters, "toy"))
    ended = shell("build")
    assert ended.code == 1
    assert "cell `double` has no `### END SOLUTION`; add it after the region" in ended.out


def test_a_master_that_nbgrader_refuses(shell: Shell, course: Course) -> None:
    cells = toy_cells()
    twin = answer_cell("double", cells[2].source)
    twin["id"] = "double-again"
    write_notebook(toy_notebook([*cells, twin]), notebook(course.masters, "toy"))
    ended = shell("build")
    assert ended.code == 1
    assert ended.line.startswith("error: source_notebooks/toy/toy.ipynb: nbgrader refuses it")


@pytest.mark.slow
def test_less_safety_must_be_asked_for_and_is_told(
    shell: Shell, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(course)
    hand_in(course, "ann")
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = shell("grade", "toy")
    assert ended.code == 1
    assert ended.line.startswith("error: bubblewrap is missing; `apt install bubblewrap`")
    ended = shell("grade", "toy", "--isolation", "process", "--beside")
    assert ended.code == 0
    assert "Without a sandbox" in ended.out + ended.err
    assert "beside: tests that cannot be run apart" in ended.out + ended.err


@pytest.mark.parametrize("file", ["pyproject.toml", "nbgrader_config.py"])
def test_a_missing_settings_file(shell: Shell, course: Course, file: str) -> None:
    (course.root / file).unlink()
    ended = shell("build")
    assert ended.code == 1
    assert ended.line.startswith(f"error: {course.root / file}: missing; restore it")


@pytest.mark.parametrize("text", ["", "[tool.course]\nbranch = 'main'\n"])
def test_settings_that_do_not_name_the_repository(shell: Shell, course: Course, text: str) -> None:
    (course.root / "pyproject.toml").write_text(text)
    ended = shell("build")
    assert ended.code == 1
    file = course.root / "pyproject.toml"
    assert ended.line.startswith(f"error: {file}: [tool.course] must name `repository`")


def test_settings_that_are_no_toml(shell: Shell, course: Course) -> None:
    file = course.root / "pyproject.toml"
    file.write_text("[tool.course")
    ended = shell("build")
    assert ended.code == 1
    assert ended.line.startswith(f"error: {file}: ")
    assert ended.line.endswith("; mend that line")


@pytest.mark.parametrize("pair", ["epochs", "=3", "two words=3", "class=3", ""])
def test_a_parameter_that_is_no_pair(shell: Shell, course: Course, pair: str) -> None:
    ended = shell("run", "--parameter", pair)
    assert ended.code == 1
    assert ended.line.startswith(f"error: --parameter {pair}: not of the form NAME=VALUE; write")


def test_a_parameter_that_the_notebook_does_not_have(shell: Shell, course: Course) -> None:
    build(course)
    ended = shell("run", "--parameter", "epoch=3")
    assert ended.code == 1
    assert "toy.ipynb: the `parameters` cell does not define epoch" in ended.line


def test_running_what_has_not_been_built(shell: Shell, course: Course) -> None:
    ended = shell("run")
    assert ended.code == 1
    assert ended.line.endswith("solutions/toy/toy.ipynb: no such notebook; run `make build`")


@pytest.mark.slow
@pytest.mark.parametrize("options", [["--device", "tpu"], ["--jobs", "0"]])
def test_an_impossible_option(shell: Shell, course: Course, options: list[str]) -> None:
    build(course)
    ended = shell("run", *options)
    assert ended.code == 1
    assert re.match(f"error: {options[0].strip('-')} {options[1]}: .*; use ", ended.line)


@pytest.mark.parametrize("option", [[], ["--submitted", "drop/box"]])
def test_a_missing_class_folder(shell: Shell, course: Course, option: list[str]) -> None:
    folder = Path(option[1]) if option else course.submitted
    ended = shell("grade", "toy", *option)
    assert ended.code == 1
    assert ended.line.startswith(f"error: {folder}: no such folder; put the notebooks at {folder}")
    assert ended.line.endswith("or name another with --submitted")


def test_a_class_without_submissions(shell: Shell, course: Course) -> None:
    course.submitted.mkdir()
    ended = shell("grade", "toy")
    assert ended.line.startswith(f"error: {course.submitted}: no submissions here; put")


def test_a_file_in_place_of_the_results_folder(shell: Shell, course: Course) -> None:
    (course.submitted / "ann").mkdir(parents=True)
    (course.root / "taken").touch()
    ended = shell("grade", "toy", "--out", "taken")
    assert ended.code == 1
    assert ended.line == (
        "error: taken/results/toy: Not a directory; mend that and run the command again"
    )


def test_a_release_file_that_cannot_be_written(shell: Shell, course: Course) -> None:
    notebook(course.release, "toy").mkdir(parents=True)  # even root cannot write to a folder
    ended = shell("build")
    assert ended.code == 1
    path = notebook(course.release, "toy")
    assert ended.line == f"error: {path}: Is a directory; mend that and run the command again"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("two\nlines"), "two lines"),
        (PermissionError(errno.EACCES, "Permission denied", "a/b"), "a/b: Permission denied"),
        (shutil.Error([("a", "b", "disk full")]), "[('a', 'b', 'disk full')]"),
    ],
    ids=["no file", "no number", "all", "several files"],
)
def test_what_the_system_refuses_is_one_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def refuse(course: Course) -> None:
        raise error

    monkeypatch.setattr(display, "summary", refuse)
    ended = shell("summary")
    assert ended.code == 1
    assert ended.line == f"error: {words}; mend that and run the command again"


# --- parameters ---


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("a=3", 3),
        ("a=1e-3", 1e-3),
        ("a=True", True),
        ("a=None", None),
        ("a=[1, 'b']", [1, "b"]),
        ("a='3'", "3"),
        ("a=cpu", "cpu"),
        ("a=b=c", "b=c"),
        ("a=", ""),
        ("a={[]: 1}", "{[]: 1}"),
        ("a=__import__('os')", "__import__('os')"),
        ("a=" + "(" * 300, "(" * 300),
    ],
)
def test_a_value_is_a_python_literal_or_else_text(pair: str, value: object) -> None:
    assert cli.parse_parameters([pair]) == {"a": value}


def test_the_last_of_two_values_counts() -> None:
    assert cli.parse_parameters(["a=1", "b=2", "a=3"]) == {"a": 3, "b": 2}


def test_no_parameter_is_no_parameter() -> None:
    assert cli.parse_parameters([]) == {}


def test_a_bad_pair_among_good_ones_is_named() -> None:
    with pytest.raises(CourseError, match="--parameter b: "):
        cli.parse_parameters(["a=1", "b"])


def test_the_limits_of_the_command_line_are_those_of_the_options() -> None:
    defaults = {name: each.default for name, each in signature(cli.grade).parameters.items()}
    options = GradingOptions()
    assert defaults["timeout"] == options.time_limit
    assert defaults["memory"] * 2**20 == options.memory_limit
