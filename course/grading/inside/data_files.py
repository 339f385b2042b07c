"""Files beside a notebook, put where code looks for them."""

import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Larger ones are not copied for every student, but linked to where they cannot be written.
MAX_COPIED = 2**24


@dataclass(frozen=True)
class DataFile:
    """Hold where a file lies, and its `name`: the path, with `/`, where code looks for it."""

    name: str
    path: Path


def place_files(folder: Path, files: Iterable[DataFile]) -> None:
    """Put `files` into `folder`, where nothing of their names is yet."""
    for file in files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        is_large = file.path.stat().st_size > MAX_COPIED
        # Never a link to what can be written through it: that would be the instructor's own file.
        if is_large and not os.access(file.path, os.W_OK):
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
