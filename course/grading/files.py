"""Files beside the notebooks: found without following links, and put where code looks for them."""

import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

# What nbgrader leaves out too, and what Jupyter and Python leave behind.
IGNORED = (".*", "__pycache__", "*.pyc", "*.ipynb", "feedback", "timestamp.txt")
# Larger ones are not copied for every student, but linked to where nobody can write.
MAX_COPIED = 2**24


@dataclass(frozen=True)
class DataFile:
    """Hold where a file lies, and its `name`: the path, with `/`, where code looks for it."""

    name: str
    path: Path


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


def furnish(folder: Path, contents: Mapping[str, bytes], files: Iterable[DataFile]) -> None:
    """Put `contents` and then `files` into `folder`, which must be trusted or a sandbox's own.

    Raises `OSError` when a name is taken by a folder, or a folder's by a file.
    """
    for name, content in contents.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        if file.path.stat().st_size > MAX_COPIED:
            os.symlink(file.path, target)
        else:
            shutil.copyfile(file.path, target)
