"""The procedural animal faces: the same bytes everywhere, in AFHQ's numbers."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data import faces

Painted = dict[str, tuple[faces.Bytes, faces.Integers]]


@pytest.fixture(scope="module")
def painted() -> Painted:
    return {split: faces.generate(split) for split in faces.COUNTS}


def digest(images: faces.Bytes) -> str:
    return hashlib.sha256(images.tobytes()).hexdigest()[:16]


# Among 200 animals there is one of every look.
@pytest.mark.parametrize(
    ("split", "expected"), [("train", "ebc1b89ea36bcf98"), ("test", "abb1b48784cb5275")]
)
def test_some_pixels_are_those_that_the_lessons_were_tuned_on(split: str, expected: str) -> None:
    images, _ = faces.generate(split, count=200)
    assert digest(images) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("split", "expected"), [("train", "e6cdb11f75649b82"), ("test", "a1eb5d88bf97b8c0")]
)
def test_all_pixels_are_those_that_the_lessons_were_tuned_on(
    painted: Painted, split: str, expected: str
) -> None:
    channels_last = painted[split][0].transpose(0, 2, 3, 1)
    assert digest(np.ascontiguousarray(channels_last)) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("split", "counts"), [("train", [5153, 4739, 4738]), ("test", [500, 500, 500])]
)
def test_classes_have_the_sizes_of_afhq(painted: Painted, split: str, counts: list[int]) -> None:
    images, labels = painted[split]
    assert np.bincount(labels).tolist() == counts
    assert len(images) == sum(counts)


@pytest.mark.slow
def test_no_image_occurs_twice(painted: Painted) -> None:
    images = [image.tobytes() for split, _ in painted.values() for image in split]
    assert len(set(images)) == len(images)


def test_images_and_labels_have_the_documented_shapes_and_types() -> None:
    images, labels = faces.generate("test", count=7)
    assert images.shape == (7, 3, 32, 32)
    assert images.dtype == np.uint8
    assert labels.shape == (7,)
    assert labels.dtype == np.int64


@settings(max_examples=15, deadline=None)
@given(count=st.integers(0, 60))
def test_any_count_is_sorted_and_keeps_the_proportions(count: int) -> None:
    _, labels = faces.generate("train", count=count)
    assert len(labels) == count
    assert (np.diff(labels) >= 0).all()
    counts = np.bincount(labels, minlength=3)
    assert np.abs(counts - count * np.array(faces.COUNTS["train"]) / 14630).max() < 3


@settings(max_examples=10, deadline=None)
@given(cuts=st.sets(st.integers(1, 29), max_size=5))
def test_a_picture_does_not_depend_on_what_it_is_painted_with(cuts: set[int]) -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 30)
    numbers = generator.random((30, 256), np.float32)
    noise = generator.integers(0, 256, (30, 3 * 32 * 32), np.uint8)
    edges = [0, *sorted(cuts), 30]
    pieces = [
        faces.render(labels[start:end], numbers[start:end], noise[start:end])
        for start, end in pairwise(edges)
    ]
    assert np.array_equal(np.concatenate(pieces), faces.render(labels, numbers, noise))


def test_seeds_and_splits_give_different_pictures() -> None:
    sets = [
        faces.generate("train", count=3)[0],
        faces.generate("train", count=3, seed=1)[0],
        faces.generate("test", count=3)[0],
    ]
    assert len({images.tobytes() for images in sets}) == 3


def test_an_unknown_split_is_refused_with_the_choices() -> None:
    with pytest.raises(ValueError, match="train, test"):
        faces.generate("val")


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        faces.generate("train", count=-1)
