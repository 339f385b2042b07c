"""The lesson on data augmentation claims only what holds, on drawn faces, digits and clothes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from course.layout import notebook
from course.notebooks import is_answer, read
from helpers.data import load_animal_faces, split
from helpers.data.animal_faces import AnimalFaces
from helpers.data.images import ImageSet
from helpers.data.loader import Augmentation
from helpers.digits import load_digit_images
from helpers.experiments import (
    Gain,
    Recipe,
    Run,
    accuracies_on,
    late_accuracy,
    paired_gain,
    train_seeds,
)
from helpers.mixing import draw_beta, train_mixed_seeds
from helpers.models import MLP
from tests.fashion import load_fashion
from tests.this_course import COURSE

LESSON = "data_augmentation"
SEEDS = range(1000, 1010)  # the notebook uses others
RECIPE = Recipe(
    train_images=250,
    val_images=100,
    epochs=60,
    lr=0.02,
    momentum=0.9,
    batch_size=64,
    shuffle=True,
    make_model=partial(MLP, (3 * 32 * 32, 64, 32, 3)),
)
Changes = dict[str, Augmentation]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Provide what the answer cells of the lesson define."""
    namespace: dict[str, Any] = {"torch": torch, "F": F, "draw_beta": draw_beta}
    for cell in read(notebook(COURSE.masters, LESSON)).cells:
        if is_answer(cell):
            exec(cell.source, namespace)
    return namespace


@pytest.fixture(scope="module")
def changes(answers: dict[str, Any]) -> Changes:
    """Provide the augmentations that the lesson puts together from the answers."""
    flip: Callable[[Tensor, float, Generator], Tensor] = answers["random_hflip"]
    shift: Callable[[Tensor, int, Generator], Tensor] = answers["random_shift"]

    def upside_down(images: Tensor, generator: Generator) -> Tensor:
        return flip(images.transpose(2, 3), 0.5, generator).transpose(2, 3)

    return {
        "mirror": lambda images, generator: flip(images, 0.5, generator),
        "upside down": upside_down,
        "mirror + shift": lambda images, generator: shift(
            flip(images, 0.5, generator), 2, generator
        ),
        "shift by 1": lambda images, generator: shift(images, 1, generator),
    }


@dataclass(frozen=True)
class Group:
    """Runs with the same augmentation, and their accuracies in [0, 1] on test images."""

    runs: list[Run]
    test: list[float]

    @property
    def validation(self) -> list[float]:
        """Return the late validation accuracy of each run."""
        return [late_accuracy([run]) for run in self.runs]

    def final(self, quantity: str) -> list[float]:
        """Return what was measured after the last epoch of each run."""
        return [getattr(run.history, quantity)[-1] for run in self.runs]


Groups = dict[str, Group]


def train(
    images: ImageSet, test: ImageSet, recipe: Recipe, augment: Augmentation | None = None
) -> Group:
    runs = train_seeds(images, replace(recipe, augment=augment), SEEDS)
    return Group(runs, accuracies_on(runs, test))


def compare(groups: Groups, better: str, worse: str, accuracies: str = "test") -> Gain:
    return paired_gain(getattr(groups[better], accuracies), getattr(groups[worse], accuracies))


def agrees(found: Gain, points: float) -> bool:
    """Tell whether a gain is what the text says, in points, to within three standard errors."""
    return abs(100 * found.mean - points) < 3 * 100 * found.standard_error


# --- faces ---


@pytest.fixture(scope="module")
def animals() -> AnimalFaces:
    return load_animal_faces("faces")


@pytest.fixture(scope="module")
def faces(animals: AnimalFaces, answers: dict[str, Any], changes: Changes) -> Groups:
    """Provide the runs that sections 2 to 5 of the lesson compare."""
    groups = {"none": train(animals.train, animals.test, RECIPE)}
    for name in ("mirror", "upside down", "mirror + shift"):
        groups[name] = train(animals.train, animals.test, RECIPE, changes[name])

    def mix(images: Tensor, labels: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        mixed: tuple[Tensor, Tensor] = answers["mixup"](images, labels, 0.4, generator)
        return mixed

    runs = train_mixed_seeds(animals.train, RECIPE, SEEDS, mix)
    return groups | {"mixup": Group(runs, accuracies_on(runs, animals.test))}


def test_every_plain_network_learns_its_pictures_by_heart(faces: Groups) -> None:
    assert set(faces["none"].final("train_accuracy")) == {1.0}
    assert fmean(run.history.train_accuracy[29] for run in faces["none"].runs) > 0.995


def test_a_fifth_to_a_quarter_of_the_validation_pictures_stays_wrong(faces: Groups) -> None:
    assert 0.72 < fmean(faces["none"].validation) < 0.82


@pytest.mark.parametrize("accuracies", ["validation", "test"])
@pytest.mark.parametrize("name", ["mirror", "mirror + shift"])
def test_mirror_images_help_with_and_without_shifts(
    faces: Groups, name: str, accuracies: str
) -> None:
    helps = compare(faces, name, "none", accuracies)
    assert helps.mean > helps.standard_error


def test_what_shifts_add_to_mirror_images_is_too_little_to_tell(faces: Groups) -> None:
    found = compare(faces, "mirror + shift", "mirror")
    assert abs(found.mean) < 2 * found.standard_error
    assert agrees(found, 0.3)


def test_upside_down_faces_do_harm(faces: Groups) -> None:
    harm = compare(faces, "none", "upside down")
    assert harm.mean > 3 * harm.standard_error


@pytest.mark.parametrize(
    ("name", "points"), [("mirror", 4), ("upside down", -4), ("mirror + shift", 4.5)]
)
def test_gains_on_test_pictures_are_those_of_the_text(
    faces: Groups, name: str, points: float
) -> None:
    assert agrees(compare(faces, name, "none"), points)


def test_mixup_does_not_make_predictions_more_accurate(faces: Groups) -> None:
    found = compare(faces, "mixup", "none")
    assert abs(found.mean) < 3 * found.standard_error
    assert compare(faces, "mixup", "none", "validation").mean < 0.01


def test_mixup_lowers_cross_entropy_on_validation_pictures_by_about_a_quarter(
    faces: Groups,
) -> None:
    falls = paired_gain(faces["none"].final("val_loss"), faces["mixup"].final("val_loss"))
    assert falls.mean > 3 * falls.standard_error
    assert 0.2 < falls.mean / fmean(faces["none"].final("val_loss")) < 0.4


@pytest.mark.parametrize("name", ["mirror", "mirror + shift"])
def test_plain_network_learns_fastest_by_heart(faces: Groups, name: str) -> None:
    def early(group: Group) -> list[float]:
        return [run.history.train_accuracy[14] for run in group.runs]

    ahead = paired_gain(early(faces["none"]), early(faces[name]))
    assert ahead.mean > ahead.standard_error


def test_shifts_do_not_help_yet_in_the_first_epochs(faces: Groups) -> None:
    def early(name: str) -> list[float]:
        return [fmean(run.history.val_accuracy[:20]) for run in faces[name].runs]

    found = paired_gain(early("mirror + shift"), early("none"))
    assert found.mean < 3 * found.standard_error


def test_training_with_shifts_stays_below_the_plain_pictures(
    animals: AnimalFaces, faces: Groups
) -> None:
    runs = faces["mirror + shift"].runs
    known = [split(animals.train, [250], seed=run.seed)[0] for run in runs]
    plain = [accuracies_on([run], part)[0] for run, part in zip(runs, known, strict=True)]
    rises = paired_gain(plain, faces["mirror + shift"].final("train_accuracy"))
    assert rises.mean > rises.standard_error
    assert 0.93 < fmean(plain) < 1


def test_augmented_networks_are_larger_and_mixed_ones_smaller(faces: Groups) -> None:
    def growth(name: str) -> Gain:
        return paired_gain(faces[name].final("norm"), faces["none"].final("norm"))

    for name in ("mirror", "upside down", "mirror + shift"):
        assert growth(name).mean > growth(name).standard_error
    assert growth("mixup").mean < -growth("mixup").standard_error
    assert max(faces, key=lambda name: fmean(faces[name].final("norm"))) == "mirror + shift"


@pytest.fixture(scope="module")
def narrow(animals: AnimalFaces) -> Groups:
    """Provide runs of networks whose first layer has fewer units, without augmentation."""

    def recipe(width: int) -> Recipe:
        return replace(RECIPE, make_model=partial(MLP, (3 * 32 * 32, width, 32, 3)))

    return {str(width): train(animals.train, animals.test, recipe(width)) for width in (2, 8)}


def test_eight_units_learn_by_heart_too_and_do_no_better(faces: Groups, narrow: Groups) -> None:
    assert fmean(narrow["8"].final("train_accuracy")) > 0.99
    found = compare(faces | narrow, "8", "none")
    assert found.mean < 3 * found.standard_error


def test_two_units_are_too_few(faces: Groups, narrow: Groups) -> None:
    loss = compare(faces | narrow, "none", "2")
    assert loss.mean > 3 * loss.standard_error


@pytest.mark.parametrize("width", ["2", "8"])
def test_augmentation_beats_every_narrow_network(faces: Groups, narrow: Groups, width: str) -> None:
    ahead = compare(faces | narrow, "mirror", width)
    assert ahead.mean > 3 * ahead.standard_error


# --- digits ---


@pytest.fixture(scope="module")
def digits(changes: Changes) -> Groups:
    """Provide the runs of section 7 of the lesson."""
    images = load_digit_images()
    order = torch.randperm(len(images), generator=Generator().manual_seed(0))
    parts = images[order[:1000]], images[order[1000:]]
    recipe = replace(RECIPE, make_model=partial(MLP, (64, 128, 32, 10)))
    names = ("mirror", "upside down", "shift by 1")
    return {"none": train(*parts, recipe)} | {
        name: train(*parts, recipe, changes[name]) for name in names
    }


@pytest.mark.parametrize("name", ["mirror", "upside down", "shift by 1"])
def test_every_change_does_harm_to_digits(digits: Groups, name: str) -> None:
    harm = compare(digits, "none", name)
    assert harm.mean > 3 * harm.standard_error


def test_mirrored_digits_cost_what_the_text_says(digits: Groups) -> None:
    assert agrees(compare(digits, "mirror", "none"), -6)


# --- photographs ---


@pytest.fixture(scope="module")
def clothes(changes: Changes) -> Groups:
    """Provide the same comparison on 100 pictures of Fashion-MNIST."""
    fashion, recipe = load_fashion(), replace(RECIPE, train_images=100, lr=0.01)
    return {"none": train(fashion.train, fashion.test, recipe)} | {
        name: train(fashion.train, fashion.test, recipe, changes[name])
        for name in ("mirror", "upside down")
    }


def test_upside_down_clothes_do_harm(clothes: Groups) -> None:
    harm = compare(clothes, "upside down", "none")
    assert harm.mean < -3 * harm.standard_error
    assert agrees(harm, -9)


def test_mirrored_clothes_give_no_gain(clothes: Groups) -> None:
    found = compare(clothes, "mirror", "none")
    assert found.mean < found.standard_error
    assert agrees(found, -1)
