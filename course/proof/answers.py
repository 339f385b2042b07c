"""Right and wrong answers to an exercise, kept as one file each to try its tests on."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError
from course.layout import Course

MESSAGE = re.compile(r"# Message: (.*\S)")
NAME = re.compile(r"(right|wrong)_\w+")


@dataclass(frozen=True)
class Answer:
    """Hold what a student may write in place of a solution.

    `file` is relative to the course's root. `message` is part of what the tests must then say; it
    is None for a right answer.
    """

    exercise: str
    file: Path
    source: str
    message: str | None

    @property
    def is_right(self) -> bool:
        """Tell whether the tests should accept it."""
        return self.message is None


def answers_folder(course: Course) -> Path:
    """Return the folder of all answers, relative to the course's root.

    Raises `CourseError` where there is none.
    """
    if not course.answers.is_dir():
        raise CourseError(
            f"{course.answers}: no such folder; write answers into <exercise>/right_<how>.py and "
            "<exercise>/wrong_<mistake>.py there, or name their folder as `answers` under "
            "[tool.course] in pyproject.toml"
        )
    return Path(os.path.relpath(course.answers, course.root))


def read_answers(course: Course, exercise: str) -> list[Answer]:
    """Return the answers in the exercise's folder, sorted by name; none where it has no folder.

    Raises `CourseError` for a file that is not called `right_<how>.py` or `wrong_<mistake>.py`, for
    a wrong answer that does not begin with the message that it is to get, and for a course without
    answers to any exercise.
    """
    folder = answers_folder(course) / exercise
    files = (course.root / folder).glob("*.py")
    return [_read(exercise, file, folder / file.name) for file in sorted(files)]


def _read(exercise: str, file: Path, shown: Path) -> Answer:
    source = file.read_text(encoding="utf-8")
    if not NAME.fullmatch(file.stem):
        raise CourseError(f"{shown}: call it right_<how>.py or wrong_<mistake>.py")
    if file.stem.startswith("right"):
        return Answer(exercise, shown, source, None)
    found = MESSAGE.match(source)
    if not found:
        raise CourseError(f"{shown}: begin it with `# Message: <what the tests should say>`")
    # A student would not write the line with the message.
    _, source = source.split("\n", 1)
    return Answer(exercise, shown, source, found[1])
