"""What a check has to say."""

from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError


@dataclass(frozen=True)
class Problem:
    """Name a file, relative to the course's root, what is wrong with it, and how to mend it."""

    file: Path
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.message}; {self.remedy}"


def from_error(error: CourseError, root: Path) -> Problem:
    """Return the problem that `error` reports in its form "FILE: what is wrong; remedy"."""
    file, _, rest = str(error).partition(": ")
    message, _, remedy = rest.rpartition("; ")
    path = Path(file)
    return Problem(path.relative_to(root) if path.is_relative_to(root) else path, message, remedy)
