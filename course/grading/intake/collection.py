"""Find what the students of a class handed in, and refuse what is not safe or not there.

The names and contents of these folders are the students' own: links are never followed, and a name
that is not plainly a name is never made part of a path.
"""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

from course.errors import CourseError
from course.grading.inside.data_files import DataFile
from course.grading.intake.assignment import Assignment
from course.grading.intake.files import find_files
from course.grading.model.results import SubmissionResult

# Letters of any alphabet, digits, spaces and . _ @ + ' -, without a first character that a shell or
# a spreadsheet takes for something else; short enough for any file name made from it.
STUDENT_NAME = re.compile(r"\w[\w.@+' -]{0,59}(?<! )")
MAX_BYTES = 50 * 2**20
MAX_FILES = 500
TIMESTAMP, MAX_TIMESTAMP = "timestamp.txt", 100
# nbgrader looks the name of a time zone up as a file, so it must be nothing like `../..`.
TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)? ?([+-]\d\d:?\d\d|[A-Za-z]+(/[A-Za-z_]+)*)?"
)
# Jupyter leaves the first wherever somebody opened a notebook, macOS the other in its archives.
NOT_STUDENTS = {".ipynb_checkpoints", "__MACOSX"}


@dataclass(frozen=True)
class Submission:
    """Name a student and the folder that the student handed in."""

    student: str
    folder: Path


@dataclass(frozen=True)
class HandedIn:
    """Hold what is in a submission, unread: its notebooks by name, and the files beside them."""

    notebooks: Mapping[str, bytes]
    own_files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """Return a hash (SHA-256) of all of it."""
        total = sha256()
        # With counts and lengths, so that no content can pass for a name or for another file.
        for kind in (self.notebooks, self.own_files):
            total.update(b"%d\0" % len(kind))
            for name, content in sorted(kind.items()):
                # A file name on disk need not be valid text.
                total.update(name.encode(errors="surrogateescape"))
                total.update(b"\0%d\0" % len(content))
                total.update(content)
        return total.hexdigest()


@dataclass(frozen=True)
class Collection:
    """Hold the submissions that can be graded, and why each of the others cannot."""

    submissions: tuple[Submission, ...]
    refused: tuple[SubmissionResult, ...]

    def select(self, students: str) -> "Collection":
        """Return those whose names fit the pattern `students`, such as `a*`.

        Raises `CourseError` when it fits none.
        """
        submissions = tuple(s for s in self.submissions if fnmatchcase(s.student, students))
        refused = tuple(r for r in self.refused if fnmatchcase(r.student, students))
        if not submissions and not refused:
            raise CourseError(f"--student {students}: no student's folder has such a name")
        return Collection(submissions, refused)


def collect(folder: Path, assignment: Assignment) -> Collection:
    """Find `folder/<student>/<assignment>/` of every student, in order of their names.

    Raises `CourseError` when `folder` is missing or holds no student's folder.
    """
    example = folder / "STUDENT" / assignment.name / f"{assignment.notebooks[0].name}.ipynb"
    layout = f"put the notebooks at {example}"
    if not folder.is_dir():
        raise CourseError(f"{folder}: no such folder; {layout}, or name another with --submitted")
    found = sorted(entry for entry in folder.iterdir() if _is_student_folder(entry))
    if not found:
        raise CourseError(f"{folder}: no submissions here; {layout}")
    submissions, refused = [], []
    for entry in found:
        problem = _problem(entry, assignment)
        if problem:
            # A name that is refused may hold anything, so it is shown as Python would write it.
            name = entry.name if is_student_name(entry.name) else repr(entry.name)
            refused.append(SubmissionResult(name, problem=problem))
        else:
            submissions.append(Submission(entry.name, entry / assignment.name))
    return Collection(tuple(submissions), tuple(refused))


def is_student_name(name: str) -> bool:
    """Tell whether `name` may stand in a path and in a table."""
    return STUDENT_NAME.fullmatch(name) is not None


def read_submission(submission: Submission, assignment: Assignment) -> HandedIn:
    """Return what was handed in; raises `CourseError` when it is unsafe or too large."""
    # It is needed much later, but a time that is none shall cost only its own submission.
    read_timestamp(submission)

    notebooks = {}
    for master in assignment.notebooks:
        path = submission.folder / f"{master.name}.ipynb"
        problem = _file_problem(path)
        if problem is None:
            notebooks[master.name] = path.read_bytes()
        # Of several notebooks, one may be missing; one that is refused is not the same as that.
        elif path.is_symlink() or path.exists():
            raise CourseError(problem)
    return HandedIn(notebooks, _read_files(find_files(submission.folder)))


def read_timestamp(submission: Submission) -> datetime | None:
    """Return when a submission was handed in, as nbgrader's `timestamp.txt` beside it says, if so.

    Raises `CourseError` when that file says no time.
    """
    path = submission.folder / TIMESTAMP
    if not path.is_file() or path.is_symlink():
        return None
    # A student can hand one in, too: it is never read whole, and need not be text.
    with path.open("rb") as file:
        text = file.read(MAX_TIMESTAMP).decode(errors="replace").strip()
    from nbgrader.utils import parse_utc

    try:
        moment: datetime | None = parse_utc(text) if TIME.fullmatch(text) else None
    except Exception:  # noqa: BLE001 - of a library that reads what may be a student's
        moment = None
    if moment is None:
        raise CourseError(f"{path.name}: no time; write it like 2026-01-31 18:00:00 UTC")
    return moment


def _read_files(files: list[DataFile]) -> Mapping[str, bytes]:
    if len(files) > MAX_FILES:
        raise CourseError(f"more than {MAX_FILES} files beside the notebook; delete some")
    # Before the first of them is read into memory.
    if sum(file.path.stat().st_size for file in files) > MAX_BYTES:
        raise CourseError(f"files of more than {MAX_BYTES >> 20} MB; ask for it without them")
    return {file.name: file.path.read_bytes() for file in files}


def _is_student_folder(entry: Path) -> bool:
    # A link is listed, to be refused by name: a student who is passed over would not be missed.
    return entry.name not in NOT_STUDENTS and (entry.is_symlink() or entry.is_dir())


def _problem(entry: Path, assignment: Assignment) -> str | None:
    """Return in words why the folder `entry` of one student cannot be graded, if so."""
    if not is_student_name(entry.name):
        return (
            "not a student's name: only letters, digits, spaces and . _ @ + ' - (up to 60, a "
            "letter or digit first, no space last); rename the folder"
        )
    for folder in (entry, entry / assignment.name):
        if folder.is_symlink():
            return f"{folder.name} is a link, which is not followed; put the real folder there"
    return _notebooks_problem(entry / assignment.name, assignment)


def _notebooks_problem(folder: Path, assignment: Assignment) -> str | None:
    """Return in words what is wrong with the notebooks in a submission's folder, if anything is."""
    paths = [folder / f"{each.name}.ipynb" for each in assignment.notebooks]
    problems = [*filter(None, map(_file_problem, paths))]
    if not problems:
        return None

    # Of several notebooks, some may be missing: their questions give no points. But if they are
    # there by another name, or none is of any use, only a person can tell what was meant.
    others = set(folder.glob("*.ipynb")) - set(paths)
    is_useless = len(problems) == len(paths)
    return problems[0] if others or is_useless else None


def _file_problem(path: Path) -> str | None:
    try:
        status = path.lstat()  # of a link itself, never of what it leads to
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
