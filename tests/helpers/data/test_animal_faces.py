"""Data of the lessons: which faces are loaded, disjoint splits, and batches like a DataLoader's."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from helpers import data
from helpers.data import BatchLoader, faces, load_animal_faces, split
from helpers.data.downloads import Archive, blob_id
from helpers.data.images import ImageSet, read_image_folder
from tests.helpers.data.test_archives import honest_members, write

CLASSES = ("cat", "dog", "wild")


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


# ---------------------------------------------------------------- image sets


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


@pytest.mark.parametrize("workers", [0, 2])
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


# ---------------------------------------------------------------- splits


@given(
    available=st.integers(0, 40),
    sizes=st.lists(st.integers(0, 20), max_size=5),
    seed=st.integers(0, 2**63 - 1),
)
def test_parts_are_disjoint_and_of_the_sizes_asked_for(
    available: int, sizes: list[int], seed: int
) -> None:
    dataset = numbered(available)
    if sum(sizes) > available:
        with pytest.raises(ValueError, match=f"{available} are available"):
            split(dataset, sizes, seed=seed)
        return
    parts = split(dataset, sizes, seed=seed)
    assert [len(part) for part in parts] == sizes
    chosen = [number for part in parts for number in numbers(part.images)]
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(range(available))


def test_labels_go_with_their_images() -> None:
    for part in split(numbered(30), (10, 15), seed=0):
        assert part.labels.tolist() == [number % 3 for number in numbers(part.images)]


def test_the_seed_decides_the_split() -> None:
    first, again, other = (
        numbers(split(numbered(30), [30], seed=seed)[0].images) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_a_split_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    split(numbered(30), [30], seed=0)
    assert torch.equal(torch.get_rng_state(), state)


def test_negative_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        split(numbered(5), [2, -1], seed=0)


# ---------------------------------------------------------------- batches


def test_batches_are_those_of_a_dataloader() -> None:
    dataset = numbered(10)
    ours, theirs = BatchLoader(dataset, batch_size=4), DataLoader(dataset, batch_size=4)
    assert len(ours) == len(theirs) == 3
    for (images, labels), (other_images, other_labels) in zip(ours, theirs, strict=True):
        assert torch.equal(images, other_images)
        assert torch.equal(labels, other_labels)


def test_a_loader_shows_its_dataset_and_batch_size() -> None:
    loader = BatchLoader(numbered(10), batch_size=4)
    assert len(loader.dataset) == 10
    assert loader.batch_size == 4


def test_an_empty_set_gives_no_batches() -> None:
    loader = BatchLoader(numbered(0))
    assert len(loader) == len(list(loader)) == 0


def orders(loader: BatchLoader, passes: int = 2) -> list[list[int]]:
    return [[n for images, _ in loader for n in numbers(images)] for _ in range(passes)]


def test_a_shuffling_loader_serves_all_images_in_a_new_order_each_time() -> None:
    first, second = orders(BatchLoader(numbered(50), batch_size=8, shuffle=True, seed=0))
    assert first != second
    assert sorted(first) == sorted(second) == list(range(50))


def test_shuffled_labels_go_with_their_images() -> None:
    for images, labels in BatchLoader(numbered(50), batch_size=8, shuffle=True, seed=0):
        assert labels.tolist() == [number % 3 for number in numbers(images)]


def test_the_seed_decides_all_orders() -> None:
    first, again, other = (
        orders(BatchLoader(numbered(50), shuffle=True, seed=seed)) for seed in (0, 0, 1)
    )
    assert first == again != other


def test_without_a_seed_that_of_torch_decides() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        unseeded = orders(BatchLoader(numbered(50), shuffle=True))
    assert unseeded == orders(BatchLoader(numbered(50), shuffle=True, seed=3))


def test_a_loader_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    orders(BatchLoader(numbered(50), shuffle=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_changing_a_batch_in_place_does_not_change_the_next_pass() -> None:
    loader = BatchLoader(numbered(10), batch_size=4)
    for images, labels in loader:
        images.zero_()
        labels.zero_()
    assert orders(loader, passes=1) == [list(range(10))]
    assert next(iter(loader))[1].tolist() == [0, 1, 2, 0]


def test_augmentation_gets_whole_batches_and_the_loader_s_generator() -> None:
    shapes = []

    def invert(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        shapes.append(tuple(images.shape))
        assert generator is loader.generator
        return -images

    loader = BatchLoader(numbered(10), batch_size=4, augment=invert)
    served = torch.cat([images for images, _ in loader])
    assert torch.equal(served, -loader.images)
    assert shapes == [(4, 3, 4, 4), (4, 3, 4, 4), (2, 3, 4, 4)]


def test_the_seed_decides_the_augmentation() -> None:
    def jitter(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        return images + torch.rand(len(images), 1, 1, 1, generator=generator)

    first, again, other = (
        torch.cat([images for images, _ in BatchLoader(numbered(9), seed=seed, augment=jitter)])
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        BatchLoader(numbered(5), batch_size=0)


# ---------------------------------------------------------------- animal faces


@pytest.fixture
def few_faces(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the procedural set small; the list says what was painted."""
    painted: list[str] = []
    paint = faces.generate

    def generate(part: str) -> tuple[faces.Bytes, faces.Integers]:
        painted.append(part)
        return paint(part, count=6 if part == "train" else 3)

    monkeypatch.setattr(faces, "generate", generate)
    return painted


@pytest.fixture
def afhq(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a tiny archive that passes for AFHQ, and no mirror that would have it."""
    path = write(tmp_path / "afhq_32x32.zip", honest_members())
    urls = ("http://127.0.0.1:9/a.zip", "http://127.0.0.1:9/b.zip")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(data, "AFHQ", Archive(path.name, urls, blob_id(path), 10**6, pauses=()))
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def test_the_whole_procedural_set_has_the_sizes_of_afhq(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    animals = load_animal_faces("faces", cache=cache)
    assert (len(animals.train), len(animals.test), animals.source) == (14_630, 1_500, "faces")
    assert animals.train.classes == animals.test.classes == CLASSES
    line = "Data: procedural animal faces, 14,630 training and 1,500 test images.\n"
    assert capsys.readouterr() == (line, "")


@pytest.mark.usefixtures("few_faces")
def test_the_procedural_set_needs_no_network(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(data, "fetch", fail)
    monkeypatch.setattr("socket.socket.connect", fail)
    assert load_animal_faces("faces", cache=cache).source == "faces"


def test_the_second_load_comes_from_the_cache(cache: Path, few_faces: list[str]) -> None:
    first = load_animal_faces("faces", cache=cache)
    second = load_animal_faces("faces", cache=cache)
    assert few_faces == ["train", "test"]
    assert torch.equal(first.train.images, second.train.images)
    assert torch.equal(first.test.labels, second.test.labels)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_a_damaged_cache_file_is_rebuilt_silently(
    cache: Path, few_faces: list[str], capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    first = load_animal_faces("faces", cache=cache)
    (file,) = cache.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 255
    damaged = {"cut": content[:999], "flip": content, "empty": b"", "other": b"no npz"}
    file.write_bytes(bytes(damaged[damage]))
    capsys.readouterr()
    second = load_animal_faces("faces", cache=cache)
    assert torch.equal(first.train.images, second.train.images)
    assert capsys.readouterr().out.count("\n") == 1
    load_animal_faces("faces", cache=cache)
    assert len(few_faces) == 4


def test_another_generator_makes_another_cache_file(
    cache: Path, few_faces: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load_animal_faces("faces", cache=cache)
    getsource = data.inspect.getsource
    monkeypatch.setattr(data.inspect, "getsource", lambda module: getsource(module) + "# changed")
    load_animal_faces("faces", cache=cache)
    assert len(few_faces) == 4


@pytest.mark.usefixtures("few_faces")
def test_nothing_but_the_cache_file_is_left_behind(cache: Path) -> None:
    load_animal_faces("faces", cache=cache)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


@pytest.mark.usefixtures("few_faces")
def test_a_cache_folder_that_cannot_be_written_costs_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    animals = load_animal_faces("faces", cache=tmp_path / "file" / "cache")
    assert len(animals.train) == 6
    warning, _ = capsys.readouterr().out.splitlines()
    assert warning.startswith("Warning: ")


@pytest.mark.usefixtures("few_faces")
def test_the_environment_names_the_cache_folder(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_CACHE", str(cache))
    load_animal_faces("faces")
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("source", ["auto", "afhq"])
def test_photographs_come_from_an_archive_in_the_cache_folder(
    afhq: Path, cache: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    afhq.rename(cache / afhq.name)
    animals = load_animal_faces(source, cache=cache)
    assert (len(animals.train), len(animals.test), animals.source) == (3, 3, "afhq")
    line = "Data: AFHQ 32x32 animal faces, 3 training and 3 test images.\n"
    assert capsys.readouterr() == (line, "")


def test_photographs_are_decoded_once(
    afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    afhq.rename(cache / afhq.name)
    first = load_animal_faces("afhq", cache=cache)
    (cache / afhq.name).unlink()
    second = load_animal_faces("afhq", cache=cache)
    assert torch.equal(first.train.images, second.train.images)


@pytest.mark.parametrize("writable", [True, False])
def test_photographs_are_downloaded_even_where_nothing_can_be_kept(
    afhq: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writable: bool
) -> None:
    def fetch(archive: Archive, folder: Path) -> Path:
        return afhq.rename(folder / archive.name)

    monkeypatch.setattr(data, "fetch", fetch)
    (tmp_path / "file").touch()
    cache = tmp_path / "cache" if writable else tmp_path / "file" / "cache"
    assert len(load_animal_faces("afhq", cache=cache).train) == 3


@pytest.mark.usefixtures("afhq", "few_faces")
def test_without_photographs_one_line_says_so_and_why(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_animal_faces(cache=cache).source == "faces"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Data: procedural animal faces, 6 training and 3 test images; AFHQ")
    assert "a.zip: no connection" in line


@pytest.mark.usefixtures("afhq")
def test_insisting_on_photographs_names_mirrors_reasons_and_remedy(cache: Path) -> None:
    with pytest.raises(ConnectionError) as caught:
        load_animal_faces("afhq", cache=cache)
    message = str(caught.value)
    assert "a.zip: no connection" in message
    assert "b.zip: no connection" in message
    assert str(cache) in message
    assert "source='faces'" in message


def hostile(afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(cache / afhq.name, honest_members() | {"../escape.png": b""})
    monkeypatch.setattr(data, "AFHQ", Archive(path.name, (), blob_id(path), 10**6))


def test_insisting_on_a_hostile_archive_is_refused(
    afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(afhq, cache, monkeypatch)
    with pytest.raises(ValueError, match=r"refused.*escape.*source='faces'"):
        load_animal_faces("afhq", cache=cache)


@pytest.mark.usefixtures("few_faces")
def test_a_hostile_archive_is_passed_over(
    afhq: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(afhq, cache, monkeypatch)
    assert load_animal_faces("auto", cache=cache).source == "faces"


def test_an_unknown_source_is_refused_with_the_choices(cache: Path) -> None:
    with pytest.raises(ValueError, match="auto, afhq, faces"):
        load_animal_faces("cifar", cache=cache)


def test_the_import_does_not_bring_in_what_only_some_need() -> None:
    code = "import sys, helpers.data; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"torchvision", "PIL", "requests"} & set(run.stdout.split())
