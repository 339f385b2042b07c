"""Fixtures for the tests of `helpers`."""

import pytest
import torch

from helpers.data.images import ImageSet


@pytest.fixture(scope="session")
def dataset() -> ImageSet:
    """Provide 60 noisy pictures of three classes, brighter from class to class."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    noise = torch.randint(0, 120, (60, 3, 4, 4), generator=generator)
    images = noise + 60 * labels[:, None, None, None]
    return ImageSet(images.to(torch.uint8), labels, ("a", "b", "c"))
