"""Mixed training takes the loader's generator, and differs from plain training in nothing else."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor

from helpers.data import BatchLoader
from helpers.data.images import ImageSet
from helpers.experiments import Recipe, train_seeds
from helpers.mixing import MixedLoader, draw_beta, train_mixed_seeds
from helpers.models import MLP


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def images() -> ImageSet:
    """Provide 30 grey images of 2 by 2 pixels in three classes that brightness tells apart."""
    labels = torch.arange(30) % 3
    noise = torch.randint(0, 60, (30, 1, 2, 2), generator=seeded(0))
    pixels = (labels.view(-1, 1, 1, 1) * 90 + noise).to(torch.uint8)
    return ImageSet(pixels, labels, ("dark", "grey", "bright"))


def as_they_are(
    images: Tensor, labels: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    return images, labels


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_beta_has_its_mean_and_variance(alpha: float) -> None:
    drawn = draw_beta(alpha, 20_000, seeded(1))
    assert drawn.dtype == torch.float32
    assert drawn.shape == (20_000,)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert drawn.mean().item() == pytest.approx(0.5, abs=0.02)
    assert drawn.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), abs=0.005)


def test_beta_depends_on_the_generator_alone_and_goes_on() -> None:
    generator, before = seeded(2), torch.get_rng_state()
    first, second = (draw_beta(1.0, 5, generator) for _ in range(2))
    assert torch.equal(first, draw_beta(1.0, 5, seeded(2)))
    assert not torch.equal(first, second)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("nan")])
def test_beta_of_an_impossible_alpha_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must be positive"):
        draw_beta(alpha, 3, seeded(0))


def test_mixed_loader_passes_one_hot_labels_and_its_generator(images: ImageSet) -> None:
    loader = BatchLoader(images, batch_size=20, seed=3)

    def mix(batch: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        assert generator is loader.generator
        return batch + 1, labels / 2

    mixed = list(MixedLoader(loader, mix))
    assert [len(labels) for _, labels in mixed] == [20, 10]
    assert torch.equal(torch.cat([batch for batch, _ in mixed]), loader.images + 1)
    targets = torch.cat([labels for _, labels in mixed])
    assert torch.equal(targets.sum(1), torch.full((30,), 0.5))
    assert torch.equal(targets.argmax(1), images.labels)


def test_without_mixing_it_trains_as_train_seeds_does(images: ImageSet) -> None:
    recipe = Recipe(
        train_images=18,
        val_images=12,
        epochs=4,
        lr=0.1,
        momentum=0.9,
        batch_size=8,
        make_model=partial(MLP, (4, 6, 3)),
    )
    for plain, mixed in zip(
        train_seeds(images, recipe, [5, 6]),
        train_mixed_seeds(images, recipe, [5, 6], as_they_are),
        strict=True,
    ):
        assert mixed.seed == plain.seed
        assert mixed.history.val_accuracy == plain.history.val_accuracy
        assert mixed.history.train_loss == pytest.approx(plain.history.train_loss, rel=1e-4)
        assert mixed.history.norm == pytest.approx(plain.history.norm, rel=1e-4)


@pytest.mark.slow
def test_training_accuracy_is_that_of_plain_images(images: ImageSet) -> None:
    def nothing(batch: Tensor, generator: torch.Generator) -> Tensor:
        return torch.zeros_like(batch)

    model = partial(MLP, (4, 16, 3))
    recipe = Recipe(train_images=18, val_images=12, epochs=60, lr=0.1, momentum=0.9)
    recipe = replace(recipe, make_model=model)
    [learnt] = train_mixed_seeds(images, recipe, [0], as_they_are)
    assert learnt.history.train_accuracy[-1] > 0.9
    [blind] = train_mixed_seeds(images, replace(recipe, augment=nothing), [0], as_they_are)
    assert blind.history.train_accuracy[-1] < 0.9
    assert len(set(blind.history.train_loss)) > 1
