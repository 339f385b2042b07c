"""The results of an assignment on disk: a JSON file a student, which is there whole or not at all.

It is written last of all that belongs to a submission. So whatever ends the command, the next one
finds a result only where the rest is there too, and grades all others again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from course.atomic import write_whole
from course.errors import CourseError
from course.grading.model.rehearsal import Rehearsal
from course.grading.model.results import SubmissionResult


@dataclass(frozen=True)
class ResultStore:
    """Keep results in `folder`, which is made when it is needed."""

    folder: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep others from writing here; raises `CourseError` where somebody does already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", timeout=0):
                yield
        except Timeout:
            raise CourseError(
                f"{self.folder}: somebody is grading this already; wait, or name another --out"
            ) from None

    def find(self, student: str) -> SubmissionResult | None:
        """Return the result of a student; None where there is none that can be read."""
        try:
            return _results().validate_json(self._path(student).read_bytes())
        # One that is damaged, or of another version of this program, is made again.
        except (FileNotFoundError, ValidationError):
            return None

    def keep(self, result: SubmissionResult) -> None:
        """Write a result in place of the one before; its student's name must be a safe one."""
        write_whole(self._path(result.student), _results().dump_json(result, indent=1) + b"\n")

    def find_rehearsals(self, key: str) -> Mapping[str, Rehearsal]:
        """Return what was kept under this key of the notebooks, by their names."""
        try:
            kept = _rehearsals().validate_json(self._rehearsals.read_bytes())
        except (FileNotFoundError, ValidationError):
            return {}
        return kept.get(key, {})

    def keep_rehearsals(self, key: str, found: Mapping[str, Rehearsal]) -> None:
        """Keep what is known of the notebooks in place of what was kept before."""
        write_whole(self._rehearsals, _rehearsals().dump_json({key: found}, indent=1) + b"\n")

    @property
    def _rehearsals(self) -> Path:
        return self.folder / ".rehearsals"  # no student's name begins with a dot

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"


# Made when first needed, and kept: pydantic takes its time to make one.
@cache
def _rehearsals() -> TypeAdapter[Mapping[str, Mapping[str, Rehearsal]]]:
    return TypeAdapter(Mapping[str, Mapping[str, Rehearsal]])


@cache
def _results() -> TypeAdapter[SubmissionResult]:
    return TypeAdapter(SubmissionResult)
