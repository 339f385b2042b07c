"""The sample class follows the lessons and the answers to their exercises, in any course."""

import json
from pathlib import Path

import nbformat
import pytest

from course.errors import CourseError
from course.layout import Course
from course.notebooks import read
from course.sample.sample_class import exercises_in, write_class
from course.sample.students import CLASS, half, noisy
from tests.command import Shell
from tests.toy import answer_cell, check_cell, toy_notebook, write_notebook

STUB = "def {}(number):\n    raise NotImplementedError"
ANSWERS = {
    ("double", "right_plus"): "def double(number):\n    return number + number\n",
    ("double", "right_times"): "double = lambda number: 2 * number\n",
    ("double", "wrong_identity"): "# Message: should be 4\ndouble = abs\n",
    ("triple", "right_times"): "def triple(number):\n    return 3 * number\n",
    ("triple", "wrong_double"): "# Message: should be 6\ntriple = double\n",
}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Provide a course of nbgrader's: one assignment of two notebooks and a file, and answers."""
    course = Course(tmp_path / "course")
    for folder in ("source", "release"):
        for number, names in enumerate((["double", "triple"], ["unanswered"]), start=1):
            cells = [[answer_cell(name, STUB.format(name)), check_cell(name, "")] for name in names]
            path = course.root / folder / "ps1" / f"part{number}.ipynb"
            write_notebook(toy_notebook([cell for pair in cells for cell in pair]), path)
    (course.release / "ps1" / "data.csv").write_text("1,2")
    for (exercise, name), source in ANSWERS.items():
        path = course.answers / exercise / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return course


def answers_of(folder: Path, student: str, part: int = 1) -> list[str]:
    """Return what stands in the answer cells of a student's notebook."""
    nb = json.loads((folder / student / "ps1" / f"part{part}.ipynb").read_text(encoding="utf-8"))
    cells = ("".join(cell["source"]) for cell in nb["cells"][::2])
    return list(cells)


@pytest.fixture
def handed_in(course: Course, tmp_path: Path) -> Path:
    write_class(course, tmp_path / "class")
    return tmp_path / "class"


def test_everybody_hands_in_the_whole_assignment(handed_in: Path) -> None:
    files = {"data.csv", "part1.ipynb", "part2.ipynb"}
    found = {
        path.name: {file.name for file in (path / "ps1").iterdir()} for path in handed_in.iterdir()
    }
    assert found == dict.fromkeys(CLASS, files)


def test_the_first_answers_of_a_kind_are_handed_in(handed_in: Path) -> None:
    stubs = [STUB.format(name) for name in ("double", "triple")]
    right = [ANSWERS["double", "right_plus"], ANSWERS["triple", "right_times"]]
    assert answers_of(handed_in, "perfect") == right
    assert answers_of(handed_in, "partly-right") == [right[0], stubs[1]]
    assert answers_of(handed_in, "typical-mistakes") == ["double = abs\n", "triple = double\n"]
    assert answers_of(handed_in, "empty") == stubs


def test_an_exercise_without_answers_stays_as_it_was_released(handed_in: Path) -> None:
    for student in CLASS:
        assert answers_of(handed_in, student, part=2) == [STUB.format("unanswered")]


def test_all_that_is_handed_in_is_valid(handed_in: Path) -> None:
    for path in handed_in.glob("*/ps1/*.ipynb"):
        nbformat.validate(read(path))


def test_noise_comes_from_the_first_function_and_changes_no_value() -> None:
    answers = {"rate": "rate = 3\n", "double": ANSWERS["double", "right_plus"]}
    changed = noisy(answers)
    assert changed["rate"] == answers["rate"]
    names: dict[str, object] = {}
    exec(changed["double"], names)
    double = names["double"]
    assert callable(double)
    with pytest.warns(UserWarning, match="a harmless word"):
        assert double(4) == 8


@pytest.mark.parametrize("count", range(5))
def test_half_of_the_answers_are_the_first_ones(count: int) -> None:
    answers = {str(number): "" for number in range(count)}
    assert list(half(answers)) == list(answers)[: count // 2]


def test_exercises_are_named_in_their_order(course: Course) -> None:
    assert exercises_in(read(course.release / "ps1" / "part1.ipynb")) == ["double", "triple"]


# --- mistakes ---


def test_nothing_is_mixed_with_what_was_handed_in(course: Course, handed_in: Path) -> None:
    with pytest.raises(CourseError, match=r"class: not empty; name a new folder"):
        write_class(course, handed_in)


def test_a_lesson_that_was_not_released_is_named(course: Course, tmp_path: Path) -> None:
    (course.root / "release").rename(course.root / "elsewhere")
    with pytest.raises(CourseError, match=r"release/ps1: no student version; run "):
        write_class(course, tmp_path / "class")


def test_the_command_says_what_to_do_next(
    course: Course,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "class"
    ended = Shell(monkeypatch, capsys)("--root", str(course.root), "sample", str(folder))
    assert (ended.code, ended.err) == (0, "")
    assert f"{len(CLASS)} submissions; to grade them: course grade LESSON --sub" in ended.out
    assert str(folder) in ended.out
