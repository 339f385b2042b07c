"""Find what the students of a class handed in, and refuse what is not safe or not there.

The names and contents of these folders are the students' own: links are never followed, and a name
that is not plainly a name is never made part of a path.
"""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.grading.results import SubmissionResult
from course.layout import notebook
from course.notebooks import read

# Letters of any alphabet, digits and . _ @ -, without a first character that a shell or a
# spreadsheet takes for something else; short enough for any file name made from it.
STUDENT_NAME = re.compile(r"\w[\w.@-]{0,59}")
MAX_BYTES = 50 * 2**20
# Jupyter leaves this folder wherever somebody opened a notebook.
NOT_STUDENTS = {".ipynb_checkpoints"}


@dataclass(frozen=True)
class Submission:
    """Name a student and the notebook that the student handed in."""

    student: str
    path: Path


@dataclass(frozen=True)
class Collection:
    """Hold the submissions that can be graded, and why each of the others cannot."""

    submissions: tuple[Submission, ...]
    refused: tuple[SubmissionResult, ...]


def collect(folder: Path, lesson: str) -> Collection:
    """Find `folder/<student>/<lesson>/<lesson>.ipynb` of every student, in order of their names.

    Raises `CourseError` when `folder` is missing or holds no student's folder.
    """
    layout = f"put the notebooks at {folder / 'STUDENT' / lesson / lesson}.ipynb"
    if not folder.is_dir():
        raise CourseError(f"{folder}: no such folder; {layout}, or name another with --submitted")
    found = sorted(entry for entry in folder.iterdir() if _is_student_folder(entry))
    if not found:
        raise CourseError(f"{folder}: no submissions here; {layout}")
    submissions, refused = [], []
    for entry in found:
        if problem := _problem(entry, lesson):
            name = entry.name if is_student_name(entry.name) else repr(entry.name)
            refused.append(SubmissionResult(name, problem=problem))
        else:
            submissions.append(Submission(entry.name, notebook(entry, lesson)))
    return Collection(tuple(submissions), tuple(refused))


def is_student_name(name: str) -> bool:
    """Tell whether `name` may stand in a path and in a table."""
    return STUDENT_NAME.fullmatch(name) is not None


def read_submission(submission: Submission) -> Any:
    """Return the notebook that was handed in; raises `CourseError` when it is unsafe or none."""
    if problem := _file_problem(submission.path):
        raise CourseError(problem)
    try:
        return read(submission.path)
    except CourseError as error:
        raise CourseError(str(error).replace(f"{submission.path.parent}{os.sep}", "")) from error


def _is_student_folder(entry: Path) -> bool:
    return entry.name not in NOT_STUDENTS and (entry.is_symlink() or entry.is_dir())


def _problem(entry: Path, lesson: str) -> str | None:
    """Return in words why the folder `entry` of one student cannot be graded, if so."""
    if not is_student_name(entry.name):
        return (
            "not a student's name: only letters, digits and . _ @ - (up to 60, a letter or digit "
            "first); rename the folder"
        )
    for folder in (entry, entry / lesson):
        if folder.is_symlink():
            return f"{folder.name} is a link, which is not followed; put the real folder there"
    return _file_problem(notebook(entry, lesson))


def _file_problem(path: Path) -> str | None:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return _missing(path)
    if not stat.S_ISREG(status.st_mode):
        return f"{path.name} is a link or no plain file; put the real notebook there"
    if status.st_size > MAX_BYTES:
        return f"{path.name} is larger than {MAX_BYTES >> 20} MB; ask for it without outputs"
    return None


def _missing(path: Path) -> str:
    """Say that there is no notebook, and which other ones are there instead."""
    others = sorted(repr(other.name) for other in path.parent.glob("*.ipynb"))
    instead = f"there is {', '.join(others[:3])}: rename it" if others else "ask for it"
    return f"{path.parent.name}/{path.name} is missing; {instead}"
