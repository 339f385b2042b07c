"""Files beside the notebooks, found without following links."""

import stat
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from course.grading.inside.data_files import DataFile

# What nbgrader leaves out too, and what Jupyter and Python leave behind.
IGNORED = (".*", "__pycache__", "*.pyc", "*.ipynb", "feedback", "timestamp.txt")


@dataclass(frozen=True)
class Files:
    """Hold the files beside an assignment's notebooks: all, and those of them that students got."""

    all: tuple[DataFile, ...] = ()
    given: tuple[DataFile, ...] = ()

    @property
    def modules(self) -> frozenset[str]:
        """Return the names under which code can import one of the files."""
        # A file in a folder is imported by the folder's name first.
        return frozenset(file.name.partition("/")[0].removesuffix(".py") for file in self.all)


def find_files(folder: Path) -> list[DataFile]:
    """Return the plain files in `folder` and below, but notebooks and what programs left there.

    They are in order of their names. Links, to files or folders, are not followed.
    """
    found, folders = [], [folder] if folder.is_dir() else []
    while folders:
        for entry in folders.pop().iterdir():
            mode = entry.lstat().st_mode  # of a link itself, which then is neither of both
            if any(fnmatch(entry.name, pattern) for pattern in IGNORED):
                continue
            if stat.S_ISDIR(mode):
                folders.append(entry)
            elif stat.S_ISREG(mode):
                found.append(DataFile(entry.relative_to(folder).as_posix(), entry))
    return sorted(found, key=lambda file: file.name)
