"""Where downloads and drawn pictures are kept, so that the next notebook starts at once."""

import os
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from helpers.data.images import ImageSet
from helpers.data.looks import CLASSES

TrainAndTest = tuple[ImageSet, ImageSet]

# What numpy and zipfile raise for a missing or damaged file.
_DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
)


def cache_folder(choice: str | Path | None = None) -> Path:
    """Return where downloads and drawn pictures are kept: `choice`, or `COURSE_CACHE`, or ours."""
    import platformdirs

    folder = choice or os.environ.get("COURSE_CACHE")
    default = platformdirs.user_cache_path("regularization-course", appauthor=False)
    return Path(folder).expanduser() if folder else default


@contextmanager
def writable_folder(folder: Path) -> Iterator[Path]:
    """Yield `folder` if it can be written, else a temporary folder that goes away in the end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Permissions do not tell everything (a full or read-only disk), so it is tried out.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
    else:
        yield folder


def remember(path: Path, build: Callable[[], TrainAndTest]) -> TrainAndTest:
    """Return the two sets of animal faces in the file `path`, or build them and write it.

    A file that is missing or damaged is built anew. Where it cannot be written, one printed line
    says so, and the sets are returned all the same.
    """
    known = _recall(path)
    if known is not None:
        return known
    sets = build()
    try:
        _store(path, sets)
    except OSError as error:
        reason = error.strerror or error
        print(f"Warning: {path.parent} cannot keep the data for next time ({reason}).")
    return sets


def _recall(path: Path) -> TrainAndTest | None:
    """Return what a cache file holds, or None if it is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: torch.from_numpy(stored[name]) for name in stored.files}
        train = ImageSet(arrays["train_images"], arrays["train_labels"], CLASSES)
        test = ImageSet(arrays["test_images"], arrays["test_labels"], CLASSES)
    except _DAMAGE:
        return None
    return train, test


def _store(path: Path, sets: TrainAndTest) -> None:
    """Write a cache file that appears whole or not at all."""
    train, test = sets
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, because a file can be moved in one step within a file system only.
    with tempfile.TemporaryDirectory(dir=path.parent) as workspace:
        draft = Path(workspace) / path.name
        np.savez(
            draft,
            train_images=train.images.numpy(),
            train_labels=train.labels.numpy(),
            test_images=test.images.numpy(),
            test_labels=test.labels.numpy(),
        )
        os.replace(draft, path)
