"""The command line: what it prints, how it exits, and that no mistake ends in a traceback."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from course import cli, display
from course.build import build
from course.errors import CourseError
from course.grading.classroom import ClassReport, Progress
from course.grading.model.results import NotebookResult, QuestionResult, SubmissionResult, Verdict
from course.grading.records.records import Destinations
from course.layout import Course, notebook
from tests.toy import (
    REPOSITORY_ROOT,
    answer_cell,
    make_toy_course,
    toy_cells,
    toy_notebook,
    write_notebook,
)

HIDE = """
import runpy, sys


class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "typer":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Hide())
runpy.run_module("course", run_name="__main__")
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """Return the one line that the command wrote to stderr; fails if there are more."""
        (line,) = self.err.splitlines()
        return line


def course_command(*arguments: str, folder: Path, **environment: str) -> Ended:
    """Run the command as a user does, in a process of its own."""
    return python("-m", "course", *arguments, folder=folder, **environment)


def python(*arguments: str, folder: Path, **environment: str) -> Ended:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY_ROOT)} | environment,
        capture_output=True,
        encoding="utf-8",
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


class Shell:
    """Run commands in this process, in the folder of a course: much quicker."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: str) -> Ended:
        """Return how the command ended; anything but a plain exit is raised."""
        self.monkeypatch.setattr(sys, "argv", ["course", *arguments])
        with pytest.raises(SystemExit) as raised:
            cli.run()
        code, (out, err) = raised.value.code, self.capsys.readouterr()
        # What Python does with a text that is passed to sys.exit.
        return Ended(1, out, f"{err}{code}\n") if isinstance(code, str) else Ended(code, out, err)


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


def test_build_says_when_there_was_nothing_to_do(
    toy_course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    display.built(toy_course, [])
    assert capsys.readouterr().out == "✔ release/ and solutions/: all up to date\n"


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


def test_grading_without_a_problem_succeeds(
    shell: Shell, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = SubmissionResult("ann")
    monkeypatch.setattr(
        "course.grading.classroom.grade_class",
        lambda *_, **__: report(course.root, result),
    )
    assert shell("grade", "toy").code == 0


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


def test_without_the_extra_one_line_says_how_to_install_it(tmp_path: Path) -> None:
    ended = python("-c", HIDE, folder=tmp_path)
    assert ended.code == 1
    assert ended.line == "error: typer is not installed; run `pip install '.[course]'` or `make`"


@pytest.mark.parametrize("arguments", [["frobnicate"], ["grade"], ["run", "--jobs", "many"]])
def test_a_wrong_command_line_is_answered_with_its_usage(
    shell: Shell, arguments: list[str]
) -> None:
    ended = shell(*arguments)
    assert ended.code == 2
    assert "Usage:" in ended.err


def test_a_terminal_without_check_marks_gets_another_sign(toy_course: Course) -> None:
    ended = course_command("build", folder=toy_course.root, PYTHONIOENCODING="ascii")
    assert (ended.code, ended.err) == (0, "")
    assert "? release/ and solutions/: 2 file(s) brought up to date" in ended.out


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


@pytest.mark.parametrize("text", ["", "[tool.course]\nbranch = 'main'\n", "[tool.course"])
def test_settings_that_do_not_name_the_repository(shell: Shell, course: Course, text: str) -> None:
    (course.root / "pyproject.toml").write_text(text)
    ended = shell("build")
    assert ended.code == 1
    file = course.root / "pyproject.toml"
    assert ended.line.startswith(f"error: {file}: [tool.course] must name `repository`")


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


# --- what is shown is text, never markup ---


def report(tmp_path: Path, *results: SubmissionResult) -> ClassReport:
    places = Destinations.of(Course(tmp_path), "toy", tmp_path / "[red]out[/]")
    return ClassReport(results, frozenset(), places)


def test_names_in_a_graded_class_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    question = QuestionResult("[b]q[/b]", "test_q", 1, 2, Verdict.FAILED)
    good = SubmissionResult("[/]ann", (NotebookResult("toy", (question,)),))
    bad = SubmissionResult("bob", problem="there is '[red]x[/red] :bomb:.ipynb': rename it")
    display.graded(report(tmp_path, good, bad))
    out = capsys.readouterr().out
    for text in ("[b]q[/b]", "[/]ann", "1/2", "'[red]x[/red] :bomb:.ipynb'", "[red]out[/]/grades"):
        assert text in out


def test_points_that_a_person_has_yet_to_give_are_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = (
        QuestionResult("easy", "test_easy", 1, 2, Verdict.FAILED),
        QuestionResult("hard", "test_hard", 0, 3, Verdict.BY_HAND),
    )
    found = report(tmp_path, SubmissionResult("ann", (NotebookResult("toy", questions),)))
    display.graded(found)
    assert re.search(r"ann\W+1\+\?/5\W+1/2\W+\?/3", capsys.readouterr().out)
    display.graded_as_json(found)
    shown = capsys.readouterr()
    assert "to be marked by a person: hard; their tests cannot be run apart" in shown.err
    [row] = json.loads(shown.out)
    assert row["score"] is None
    assert {name: each["score"] for name, each in row["questions"].items()} == {
        "easy": 1,
        "hard": None,
    }


def test_results_that_come_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with display.GradingProgress("[/]toy") as progress:
        for result in (
            SubmissionResult("[/]ann"),
            SubmissionResult("bob", problem="[/] is no notebook"),
        ):
            progress.update(Progress(result, 2))
    assert capsys.readouterr().out == "  [/]ann: 0 of 0 points\n  bob: [/] is no notebook\n"


def test_a_lesson_that_looks_like_markup_is_unknown_in_a_terminal_too(
    shell: Shell, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert shell("grade", "[/]").line.startswith("error: no lesson is called '[/]'")


def test_a_path_is_never_broken_in_two(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("/", *["a-folder-with-a-long-name"] * 12)
    display.executed([], path)
    assert str(path) in capsys.readouterr().out


def test_paths_below_this_folder_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert display.relative(tmp_path / "build" / "x") == "build/x"
    assert display.relative(tmp_path.parent / "x") == str(tmp_path.parent / "x")
