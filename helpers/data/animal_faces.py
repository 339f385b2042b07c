"""Data of the lessons: the animal faces, seeded splits, and a fast loader of batches."""

import inspect
import math
import os
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from helpers import faces, looks
from helpers.archives import read_animal_faces
from helpers.downloads import Archive, fetch
from helpers.images import ImageSet, normalize, read_image_folder

__all__ = [
    "AnimalFaces",
    "BatchLoader",
    "ImageSet",
    "load_animal_faces",
    "normalize",
    "read_image_folder",
    "split",
]

Augmentation = Callable[[torch.Tensor, torch.Generator], torch.Tensor]

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
# What numpy and zipfile raise for a missing or damaged file.
_DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError),
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


def split(dataset: ImageSet, sizes: Sequence[int], *, seed: int) -> list[ImageSet]:
    """Draw disjoint random parts of a set, one for each size, from one seeded permutation.

    Raises `ValueError` for a negative size, and when the parts need more images than there are.
    """
    if min(sizes, default=0) < 0:
        raise ValueError(f"sizes must be 0 or more, not {list(sizes)}")
    if sum(sizes) > len(dataset):
        raise ValueError(f"{sum(sizes):,} images asked for, but {len(dataset):,} are available")
    order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(seed))
    ends = np.cumsum(sizes, dtype=int).tolist()
    return [dataset[order[end - size : end]] for size, end in zip(sizes, ends, strict=True)]


class BatchLoader:
    """Serve batches of an image set as `torch.utils.data.DataLoader` does, only faster.

    All images are turned into float32 in [-1, 1] and moved to the device once, in the beginning:
    they are `images`, (n, 3, height, width), and `labels`, (n,). Each batch is a copy, so that it
    may be changed in place.

    `augment(images, generator)` gets the images of a batch and returns them changed; it is to draw
    its random numbers from `generator`, which lives on the CPU, as does the shuffling: so a seed
    means the same on every device. Without a `seed` it is that of `torch.manual_seed`. Each pass
    over the loader goes on with the same generator, so each has an order of its own.

    Raises `ValueError` if `batch_size` is below 1.
    """

    def __init__(
        self,
        dataset: ImageSet,
        *,
        batch_size: int = 128,
        shuffle: bool = False,
        seed: int | None = None,
        augment: Augmentation | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, not {batch_size}")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.augment = augment
        self.generator = torch.Generator()
        self.generator.manual_seed(torch.initial_seed() if seed is None else seed)
        self.images = normalize(dataset.images.to(device))
        self.labels = dataset.labels.to(device)

    def __len__(self) -> int:
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = self._order().to(self.labels.device)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            images = self.images[rows]
            if self.augment is not None:
                images = self.augment(images, self.generator)
            yield images, self.labels[rows]

    def _order(self) -> torch.Tensor:
        count = len(self.dataset)
        if self.shuffle:
            return torch.randperm(count, generator=self.generator)
        return torch.arange(count)


def cache_folder(choice: str | Path | None = None) -> Path:
    """Return where downloads and drawn pictures are kept: `choice`, or `COURSE_CACHE`, or ours."""
    import platformdirs

    folder = choice or os.environ.get("COURSE_CACHE")
    default = platformdirs.user_cache_path("regularization-course", appauthor=False)
    return Path(folder).expanduser() if folder else default


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
    def build() -> AnimalFaces:
        with _download_folder(folder) as place:
            train, test = read_animal_faces(fetch(AFHQ, place))
        return AnimalFaces(train, test, "afhq")

    return _remember(folder / f"afhq-{AFHQ.blob_id[:12]}.npz", "afhq", build)


def _load_procedural(folder: Path) -> AnimalFaces:
    def build() -> AnimalFaces:
        return AnimalFaces(_generate("train"), _generate("test"), "faces")

    # Named after the code that paints, so that a change of it is never hidden by an old file.
    version = sha256((inspect.getsource(faces) + inspect.getsource(looks)).encode()).hexdigest()
    return _remember(folder / f"faces-{version[:12]}.npz", "faces", build)


def _generate(part: str) -> ImageSet:
    images, labels = faces.generate(part)
    return ImageSet(torch.from_numpy(images), torch.from_numpy(labels), looks.CLASSES)


@contextmanager
def _download_folder(folder: Path) -> Iterator[Path]:
    """Yield the cache folder if it can be written, else a folder that goes away."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
    else:
        yield folder


def _remember(path: Path, source: str, build: Callable[[], AnimalFaces]) -> AnimalFaces:
    """Return what the cache file holds, or else build it and keep it there for the next time."""
    animals = _recall(path, source)
    if animals is None:
        animals = build()
        try:
            _store(path, animals)
        except OSError as error:
            reason = error.strerror or error
            print(f"Warning: {path.parent} cannot keep the data for next time ({reason}).")
    return animals


def _recall(path: Path, source: str) -> AnimalFaces | None:
    """Return what a cache file holds, or None if it is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: torch.from_numpy(stored[name]) for name in stored.files}
        train = ImageSet(arrays["train_images"], arrays["train_labels"], looks.CLASSES)
        test = ImageSet(arrays["test_images"], arrays["test_labels"], looks.CLASSES)
    except _DAMAGE:
        return None
    return AnimalFaces(train, test, source)


def _store(path: Path, animals: AnimalFaces) -> None:
    """Write a cache file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as workspace:
        draft = Path(workspace) / path.name
        np.savez(
            draft,
            train_images=animals.train.images.numpy(),
            train_labels=animals.train.labels.numpy(),
            test_images=animals.test.images.numpy(),
            test_labels=animals.test.labels.numpy(),
        )
        os.replace(draft, path)
