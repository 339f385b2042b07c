"""Sets of images in memory, and how they are read from image files."""

import struct
import warnings
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, overload

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

Bytes = npt.NDArray[np.uint8]

_FORMATS = ("JPEG", "PNG", "BMP", "PPM", "WEBP")  # Pillow starts other programs for some others


@dataclass(frozen=True, eq=False)
class ImageSet(Dataset[tuple[torch.Tensor, int]]):
    """Hold images and their labels in memory, as bytes.

    `images` is uint8 (n, 3, height, width), or (n, 1, height, width) where they are grey; `labels`
    is int64 (n,): indices into `classes`, the names. A slice or a tensor of indices gives a subset;
    a whole number gives one pair of a float32 image in [-1, 1] and a label, as
    `torch.utils.data.DataLoader` wants it.

    Raises `ValueError` where the shapes, types or labels are not these.
    """

    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != torch.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
            wanted = "uint8 (n, 3 or 1, height, width)"
            raise ValueError(f"images must be {wanted}, not {_describe(images)}")
        if labels.dtype != torch.int64 or labels.shape != images.shape[:1]:
            raise ValueError(f"labels must be int64 ({len(images)},), not {_describe(labels)}")
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < len(self.classes):
            raise ValueError(f"labels must be from 0 to {len(self.classes) - 1}")

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, index: slice | torch.Tensor) -> "ImageSet": ...

    @overload
    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]: ...

    def __getitem__(
        self, index: slice | torch.Tensor | int
    ) -> "ImageSet | tuple[torch.Tensor, int]":
        images, labels = self.images[index], self.labels[index]
        if labels.ndim == 0:
            return normalize(images), int(labels)
        return replace(self, images=images, labels=labels)


def normalize(images: torch.Tensor) -> torch.Tensor:
    """Return uint8 images of any shape as float32 in [-1, 1].

    The numbers are those of torchvision's `ToTensor` followed by `Normalize(0.5, 0.5)`.
    """
    return images.to(torch.float32).div_(255).sub_(0.5).div_(0.5)


def read_image_folder(path: str | Path) -> ImageSet:
    """Read a folder that has one subfolder of images for each class.

    The layout, the order and the classes are those of `torchvision.datasets.ImageFolder`. Raises
    `FileNotFoundError` where there are no classes or a class has no images, and `ValueError` for a
    file that is no image or has another size than the first.
    """
    from torchvision.datasets import ImageFolder

    if not Path(path).is_dir():
        raise FileNotFoundError(f"{path}: no such folder; give one with a subfolder for each class")
    folder = ImageFolder(str(path))
    pictures: list[Bytes] = []
    size = None
    for file, _ in folder.samples:
        try:
            pictures.append(decode(file, size=size))
        except ValueError as error:
            raise ValueError(f"{file}: {error}; mend or remove the file") from error
        height, width, _ = pictures[0].shape
        size = (width, height)
    return image_set(pictures, [label for _, label in folder.samples], tuple(folder.classes))


def image_set(
    pictures: Iterable[Bytes], labels: Iterable[int], classes: tuple[str, ...]
) -> ImageSet:
    """Return an `ImageSet` of pictures of one size, (height, width, 3) each."""
    images = torch.from_numpy(np.stack(list(pictures)))  # (n, height, width, 3)
    return ImageSet(images.permute(0, 3, 1, 2).contiguous(), torch.tensor(list(labels)), classes)


def decode(file: str | BinaryIO, *, size: tuple[int, int] | None = None) -> Bytes:
    """Decode an image file into RGB bytes, (height, width, 3).

    Raises `ValueError` if it is no image, or if its (width, height) is not `size`; that is known
    before any pixel is decoded, so a picture of a billion pixels costs nothing.
    """
    from PIL import Image

    failures = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=_FORMATS) as image:
                if size is None or image.size == size:
                    return np.asarray(image.convert("RGB"))
        except (*failures, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise ValueError("cannot be decoded as an image") from error
    raise ValueError("is {} by {} pixels, not {} by {}".format(*image.size, *size))


def _describe(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
