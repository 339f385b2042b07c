"""The animal faces of the lessons: photographs where they can be had, and else drawn ones."""

import inspect
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch

from helpers.data import faces, looks
from helpers.data.archives import read_animal_faces
from helpers.data.cache import TrainAndTest, cache_folder, remember, writable_folder
from helpers.data.downloads import Archive, fetch
from helpers.data.images import ImageSet

SOURCES = ("auto", "afhq", "faces")
AFHQ = Archive(
    name="afhq_32x32.zip",
    urls=(
        "https://github.com/arashash/AnimalFaces32x32/raw/32cf209/afhq_32x32.zip",
        "https://osf.io/kgfvj/download",
        "https://raw.githubusercontent.com/arashash/AnimalFaces32x32/main/afhq_32x32.zip",
    ),
    blob_id="cf240ae4ee37670914eeb339731968eced2da105",
    max_bytes=1 << 28,
)
_TITLES = {"afhq": "AFHQ 32x32", "faces": "procedural"}


@dataclass(frozen=True, eq=False)
class AnimalFaces:
    """Hold the training and the test images of cats, dogs and wild animals, 32 x 32 pixels each."""

    train: ImageSet
    test: ImageSet
    source: str  # "afhq" or "faces"


def load_animal_faces(source: str = "auto", *, cache: str | Path | None = None) -> AnimalFaces:
    """Load 14,630 training and 1,500 test images, and say in one line which ones.

    Args:
        source: "afhq" for the photographs of AFHQ 32x32, from the cache or the internet; "faces"
            for the procedural stand-in, which needs no network; "auto" for AFHQ where it can be
            had and else the stand-in.
        cache: Folder that makes the next load quick; by default the environment variable
            `COURSE_CACHE`, or else the user's own cache folder.

    Raises:
        ValueError: No such source, or (source "afhq") the archive is not what it should be.
        ConnectionError: AFHQ was asked for and no mirror delivered it.
    """
    if source not in SOURCES:
        raise ValueError(f"no source {source!r}; choose one of {', '.join(SOURCES)}")
    folder = cache_folder(cache)
    animals, reason = _load(source, folder)
    train, test = len(animals.train), len(animals.test)
    kind = f"{_TITLES[animals.source]} animal faces"
    print(f"Data: {kind}, {train:,} training and {test:,} test images{reason}.")
    return animals


def _load(source: str, folder: Path) -> tuple[AnimalFaces, str]:
    """Return the faces and, where they are a second choice, the reason."""
    if source == "faces":
        return _load_procedural(folder), ""
    try:
        return _load_afhq(folder), ""
    except (OSError, ValueError) as error:
        if source == "auto":
            reason = " ".join(str(error).split())  # on one line
            return _load_procedural(folder), f"; AFHQ 32x32 could not be loaded: {reason}"
        kind = ValueError if isinstance(error, ValueError) else ConnectionError
        remedy = f"connect to the internet, put {AFHQ.name} into {folder}, or use source='faces'"
        raise kind(f"{error}; {remedy}") from error


def _load_afhq(folder: Path) -> AnimalFaces:
    def build() -> TrainAndTest:
        with writable_folder(folder) as place:
            return read_animal_faces(fetch(AFHQ, place))

    train, test = remember(folder / f"afhq-{AFHQ.blob_id[:12]}.npz", build)
    return AnimalFaces(train, test, "afhq")


def _load_procedural(folder: Path) -> AnimalFaces:
    def build() -> TrainAndTest:
        return _paint("train"), _paint("test")

    train, test = remember(folder / f"faces-{_version()[:12]}.npz", build)
    return AnimalFaces(train, test, "faces")


def _version() -> str:
    """Return a digest of all that decides the pictures: the code that paints, and the looks.

    A cache file is named after it, so that a change of either is never hidden by an old file.
    """
    painter = inspect.getsource(faces)
    return sha256(f"{painter}\n{looks.LOOKS}".encode()).hexdigest()


def _paint(part: str) -> ImageSet:
    images, labels = faces.generate(part)
    return ImageSet(torch.from_numpy(images), torch.from_numpy(labels), looks.CLASSES)
