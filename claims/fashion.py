"""Real photographs for what the lessons claim: three kinds of clothes of Fashion-MNIST.

`python -m claims.fashion FOLDER` brings the files there: from Debian's `dataset-fashion-mnist`,
installed or not, or else with torchvision from the internet.

Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017, arXiv:1708.07747 (MIT licence).
"""

import gzip
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch.nn.functional import pad

from helpers.data.images import ImageSet

FOLDER = Path(__file__).parents[1] / "build" / "fashion-mnist"
INSTALLED = Path("usr/share/datasets/fashion-mnist")
PACKAGE = "dataset-fashion-mnist"
FILES = {
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
CLASSES = {2: "pullover", 4: "coat", 6: "shirt"}  # hard to tell apart, as the animals are


@dataclass(frozen=True, eq=False)
class Fashion:
    """Hold 18,000 training and 3,000 test images of the size and shape of the animal faces."""

    train: ImageSet
    test: ImageSet


def load_fashion(folder: Path = FOLDER) -> Fashion:
    """Return the images, padded from 28 to 32 pixels and with three equal channels."""
    return Fashion(*(_read(folder, *names) for names in FILES.values()))


def _read(folder: Path, images_file: str, labels_file: str) -> ImageSet:
    # IDX files: a header of 16 or 8 bytes, then one byte a pixel or a label.
    pixels = np.frombuffer(gzip.decompress((folder / images_file).read_bytes())[16:], np.uint8)
    kinds = np.frombuffer(gzip.decompress((folder / labels_file).read_bytes())[8:], np.uint8)
    chosen = np.isin(kinds, list(CLASSES))
    images = torch.from_numpy(pixels.reshape(-1, 1, 28, 28)[chosen])
    labels = np.searchsorted(list(CLASSES), kinds[chosen])
    return ImageSet(
        pad(images, (2, 2, 2, 2)).expand(-1, 3, -1, -1).contiguous(),
        torch.from_numpy(labels).long(),
        tuple(CLASSES.values()),
    )


def fetch_fashion(folder: Path) -> None:
    """Bring the four files to `folder` from the first place that has them."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for pair in FILES.values() for name in pair]
    with TemporaryDirectory() as scratch:
        for source in (Path("/") / INSTALLED, *_obtain(Path(scratch))):
            if all((source / name).is_file() for name in names):
                for name in names:
                    shutil.copy(source / name, folder)
                return
    sys.exit(f"error: {folder}: Fashion-MNIST cannot be had; install Debian's {PACKAGE}")


def _obtain(scratch: Path) -> Iterator[Path]:
    """Yield folders that may hold the files, each obtained only when it is asked for."""
    if shutil.which("apt-get"):
        for command in (["apt-get", "update"], ["apt-get", "download", PACKAGE]):
            subprocess.run(command, cwd=scratch, check=False, capture_output=True)
        for archive in scratch.glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", archive, scratch], check=True)
        yield scratch / INSTALLED
    from torchvision.datasets import FashionMNIST

    try:
        FashionMNIST(str(scratch), download=True)
    except (OSError, RuntimeError):
        return
    yield scratch / "FashionMNIST" / "raw"


if __name__ == "__main__":
    fetch_fashion(Path(sys.argv[1]))
