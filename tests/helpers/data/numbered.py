"""Images that are told apart by a number in their pixels."""

import torch

from helpers.data.images import ImageSet
from helpers.data.looks import CLASSES


def numbered(count: int) -> ImageSet:
    """Return images that differ, each with its own number in its first two pixels."""
    images = torch.randint(256, (count, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    images[:, 0, 0, 0], images[:, 0, 0, 1] = torch.arange(count) // 256, torch.arange(count) % 256
    return ImageSet(images.to(torch.uint8), torch.arange(count) % 3, CLASSES)


def numbers(images: torch.Tensor) -> list[int]:
    """Return the numbers of images, bytes or floats, that `numbered` made."""
    if images.is_floating_point():
        images = (images * 127.5 + 127.5).round()
    return (images[:, 0, 0, 0].long() * 256 + images[:, 0, 0, 1].long()).tolist()
