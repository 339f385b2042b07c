"""Fixtures that several test modules share.

Every run of the tests pays for what is imported at the top of this module: nothing slow is.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from course.layout import Course
    from helpers.images import ImageSet

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("no deadlines", deadline=None)
settings.load_profile("no deadlines")


@pytest.fixture
def toy_course(tmp_path: Path) -> "Course":
    """Provide a fresh one-lesson course of its own to each test."""
    from tests.toy import make_toy_course

    return make_toy_course(tmp_path / "course-root")


@pytest.fixture(scope="session")
def dataset() -> "ImageSet":
    """Provide 60 noisy pictures of three classes, brighter from class to class."""
    import torch

    from helpers.images import ImageSet

    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    noise = torch.randint(0, 120, (60, 3, 4, 4), generator=generator)
    images = noise + 60 * labels[:, None, None, None]
    return ImageSet(images.to(torch.uint8), labels, ("a", "b", "c"))
