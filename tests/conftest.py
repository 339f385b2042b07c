"""Fixtures that several test modules share."""

from pathlib import Path

import pytest
import torch

from course.layout import Course
from helpers.images import ImageSet
from tests.toy import make_toy_course


@pytest.fixture
def toy_course(tmp_path: Path) -> Course:
    """Provide a fresh one-lesson course of its own to each test."""
    return make_toy_course(tmp_path / "course-root")


@pytest.fixture(scope="session")
def dataset() -> ImageSet:
    """Provide 60 noisy pictures of three classes, brighter from class to class."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    noise = torch.randint(0, 120, (60, 3, 4, 4), generator=generator)
    images = noise + 60 * labels[:, None, None, None]
    return ImageSet(images.to(torch.uint8), labels, ("a", "b", "c"))
