"""Seeded splits of an image set, and a fast loader of batches."""

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from helpers.data.images import ImageSet, normalize

Augmentation = Callable[[torch.Tensor, torch.Generator], torch.Tensor]


def split(dataset: ImageSet, sizes: Sequence[int], *, seed: int) -> list[ImageSet]:
    """Draw disjoint random parts of a set, one for each size, from one seeded permutation.

    Raises `ValueError` for a negative size, and when the parts need more images than there are.
    """
    if min(sizes, default=0) < 0:
        raise ValueError(f"sizes must be 0 or more, not {list(sizes)}")
    if sum(sizes) > len(dataset):
        raise ValueError(f"{sum(sizes):,} images asked for, but {len(dataset):,} are available")
    # Neighbouring stretches of one permutation cannot share an image.
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
