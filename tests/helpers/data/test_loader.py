"""Splits are disjoint, and batches are those of a DataLoader."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from helpers.data import BatchLoader, split
from tests.helpers.data.numbered import numbered, numbers

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
