"""Files beside the notebooks: found without following links, and put where code looks for them."""

import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

# What nbgrader leaves out too, and what Jupyter and Python leave behind.
IGNORED = (".*", "__pycache__", "*.pyc", "*.ipynb", "feedback", "timestamp.txt")
# Larger ones are not copied for every student, but linked to where they cannot be written.
MAX_COPIED = 2**24


@dataclass(frozen=True)
class DataFile:
    """Hold where a file lies, and its `name`: the path, with `/`, where code looks for it."""

    name: str
    path: Path


@dataclass(frozen=True)
class Files:
    """Hold the files beside an assignment's notebooks: all, and those of them that students got."""

    all: tuple[DataFile, ...] = ()
    given: tuple[DataFile, ...] = ()

    @property
    def modules(self) -> frozenset[str]:
        """Return the names under which code can import one of the files."""
        return frozenset(file.name.partition("/")[0].removesuffix(".py") for file in self.all)


def find_files(folder: Path) -> list[DataFile]:
    """Return the plain files in `folder` and below, but notebooks and what programs left there.

    They are in order of their names. Links, to files or folders, are not followed.
    """
    found, folders = [], [folder] if folder.is_dir() else []
    while folders:
        for entry in folders.pop().iterdir():
            mode = entry.lstat().st_mode
            if any(fnmatch(entry.name, pattern) for pattern in IGNORED):
                continue
            if stat.S_ISDIR(mode):
                folders.append(entry)
            elif stat.S_ISREG(mode):
                found.append(DataFile(entry.relative_to(folder).as_posix(), entry))
    return sorted(found, key=lambda file: file.name)


def furnish(folder: Path, files: Iterable[DataFile]) -> None:
    """Put `files` into `folder`, where nothing of their names is yet."""
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.path.stat().st_size > MAX_COPIED and not os.access(file.path, os.W_OK):
            os.symlink(file.path, target)
        else:
            shutil.copyfile(file.path, target)


def add_files(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a student's own files into `folder`, but none in place of what is there."""
    for name, content in contents.items():
        target = folder / name
        with suppress(OSError):  # another file is in its way
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)
