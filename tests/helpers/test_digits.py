"""The digits are scikit-learn's own, as the images that the rest of the course works with."""

import pytest
import torch
from sklearn.datasets import load_digits

from helpers.data.images import ImageSet
from helpers.digits import load_digit_images


@pytest.fixture(scope="module")
def digits() -> ImageSet:
    return load_digit_images()


def test_images_are_small_and_grey(digits: ImageSet) -> None:
    assert digits.images.shape == (1797, 1, 8, 8)
    assert digits.images.dtype == torch.uint8


def test_classes_are_the_ten_digits(digits: ImageSet) -> None:
    assert digits.classes == tuple("0123456789")
    assert digits.labels.unique().tolist() == list(range(10))


def test_grey_levels_use_the_whole_range_of_a_byte(digits: ImageSet) -> None:
    assert (int(digits.images.min()), int(digits.images.max())) == (0, 255)


def test_no_grey_level_is_lost(digits: ImageSet) -> None:
    levels = (digits.images[:, 0] * (16 / 255)).round()
    assert torch.equal(levels.double(), torch.from_numpy(load_digits().images))


def test_every_image_keeps_its_label(digits: ImageSet) -> None:
    assert digits.labels.tolist() == load_digits().target.tolist()
