"""Sets of images in memory, and folders of them, as torchvision has them."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from helpers.data.images import ImageSet, read_image_folder
from helpers.data.looks import CLASSES
from tests.helpers.data.numbered import numbered, numbers


@pytest.mark.parametrize(
    ("images", "labels", "reason"),
    [
        (torch.zeros(2, 3, 4, 4), torch.zeros(2, dtype=torch.int64), "images must be uint8"),
        (torch.zeros(2, 4, 4, 3, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), "images"),
        (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64), "labels"),
        (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.zeros(2), "labels must be int64"),
        (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.tensor([0, 3]), "from 0 to 2"),
        (torch.zeros(2, 3, 4, 4, dtype=torch.uint8), torch.tensor([0, -1]), "from 0 to 2"),
    ],
)
def test_images_and_labels_that_do_not_fit_are_refused(
    images: torch.Tensor, labels: torch.Tensor, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        ImageSet(images, labels, CLASSES)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(1, 3), [1, 2]),
        (torch.tensor([4, 0, 0]), [4, 0, 0]),
        (torch.tensor([True, False, False, False, True]), [0, 4]),
        (slice(0), []),
    ],
)
def test_a_slice_or_a_tensor_gives_a_subset(
    index: slice | torch.Tensor, expected: list[int]
) -> None:
    part = numbered(5)[index]
    assert numbers(part.images) == expected
    assert part.labels.tolist() == [number % 3 for number in expected]


def test_a_number_gives_the_pair_that_torchvision_would_give() -> None:
    dataset = numbered(5)
    image, label = dataset[3]
    picture = Image.fromarray(dataset.images[3].permute(1, 2, 0).numpy())
    assert torch.equal(image, transform()(picture))
    assert (label, type(label)) == (0, int)


def transform() -> transforms.Compose:
    half = (0.5, 0.5, 0.5)
    return transforms.Compose([transforms.ToTensor(), transforms.Normalize(half, half)])


def test_an_image_set_ends_where_it_should() -> None:
    assert len(list(numbered(5))) == 5  # type: ignore[call-overload]


def test_an_image_set_survives_pickling() -> None:
    dataset = numbered(5)
    again = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(again.images, dataset.images)
    assert again.classes == CLASSES


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_a_plain_dataloader_accepts_an_image_set(workers: int) -> None:
    loader = DataLoader(numbered(10), batch_size=4, num_workers=workers)
    batches = list(loader)
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    assert [number for images, _ in batches for number in numbers(images)] == list(range(10))


# ---------------------------------------------------------------- image folders


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for label in ("wild", "cat"):
        for name in ("b.png", "a.png"):
            file = tmp_path / label / name
            file.parent.mkdir(exist_ok=True)
            Image.fromarray(generator.integers(0, 256, (5, 7, 3), np.uint8)).save(file)
    return tmp_path


def test_a_folder_is_read_as_torchvision_reads_it(image_folder: Path) -> None:
    ours, theirs = read_image_folder(image_folder), ImageFolder(str(image_folder), transform())
    assert ours.classes == tuple(theirs.classes)
    assert ours.labels.tolist() == theirs.targets
    assert all(
        torch.equal(mine[0], other[0])
        for mine, other in zip(ours, theirs, strict=True)  # type: ignore[call-overload]
    )


def test_images_of_two_sizes_are_refused_by_name(image_folder: Path) -> None:
    Image.new("RGB", (5, 7)).save(image_folder / "wild" / "c.png")
    with pytest.raises(ValueError, match=r"c\.png: is 5 by 7 pixels, not 7 by 5"):
        read_image_folder(image_folder)


def test_a_file_that_is_no_image_is_refused_by_name(image_folder: Path) -> None:
    (image_folder / "cat" / "c.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"c\.png: cannot be decoded"):
        read_image_folder(image_folder)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_image_folder(tmp_path / "missing")
