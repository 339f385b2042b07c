"""Answers are read with what they are to be told, and what is none is named with its remedy."""

import re
from pathlib import Path

import pytest

from course.errors import CourseError
from course.layout import Course
from course.proof.answers import read_answers

MESSAGE = "# Message: double(2) should be 4"
WRONG = "def double(number):\n    return number\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def write(course: Course, name: str, source: str) -> None:
    path = course.answers / "double" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


def test_answers_come_in_order_of_their_names(course: Course) -> None:
    for name in ("wrong_b", "right_b", "wrong_a", "right_a"):
        write(course, name, f"{MESSAGE}\n{WRONG}")
    names = [answer.file.stem for answer in read_answers(course, "double")]
    assert names == ["right_a", "right_b", "wrong_a", "wrong_b"]


def test_a_right_answer_is_the_whole_file(course: Course) -> None:
    write(course, "right_doubled", "double = lambda number: 2 * number\n")
    [answer] = read_answers(course, "double")
    assert answer.is_right
    assert answer.source == "double = lambda number: 2 * number\n"


def test_the_message_is_no_part_of_a_wrong_answer(course: Course) -> None:
    write(course, "wrong_identity", f"{MESSAGE}\n{WRONG}")
    [answer] = read_answers(course, "double")
    assert (answer.message, answer.source) == ("double(2) should be 4", WRONG)


def test_a_file_is_named_as_seen_from_the_course(course: Course) -> None:
    (course.root / "pyproject.toml").write_text("[tool.course]\nanswers = '../bank'")
    write(course, "right_doubled", "double = lambda number: 2 * number\n")
    [answer] = read_answers(course, "double")
    assert answer.file == Path("..", "bank", "double", "right_doubled.py")


def test_an_exercise_without_a_folder_has_no_answers(course: Course) -> None:
    course.answers.mkdir()
    assert read_answers(course, "double") == []


def test_a_course_without_answers_is_told_where_they_belong(course: Course) -> None:
    with pytest.raises(CourseError, match=r"exercises: no such folder; write answers") as raised:
        read_answers(course, "double")
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("answer", "call it right_<how>.py or wrong_<mistake>.py"),
        ("wrong_untold", "begin it with `# Message: "),
    ],
)
def test_a_file_that_is_no_answer_is_refused(course: Course, name: str, reason: str) -> None:
    write(course, name, WRONG)
    message = re.escape(f"exercises/double/{name}.py: {reason}")
    with pytest.raises(CourseError, match=f"^{message}"):
        read_answers(course, "double")
