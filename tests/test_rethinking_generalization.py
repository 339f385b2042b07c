"""What the lesson on rethinking generalization says of its figures holds over other seeds."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course.layout import notebook
from course.notebooks import is_answer, read
from helpers.data import BatchLoader, load_animal_faces, split
from helpers.data.animal_faces import AnimalFaces
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import (
    Preparation,
    Recipe,
    Run,
    accuracies_on,
    paired_gain,
    train_seeds,
)
from helpers.models import MLP
from helpers.training import accuracy
from tests.fashion import Fashion, load_fashion
from tests.this_course import COURSE

LESSON = "rethinking_generalization"
SEEDS = range(1000, 1010)
PATIENCE = 40
FACES = Recipe(train_images=100, val_images=100)
MORE_FACES = replace(FACES, train_images=250, batch_size=250)
DIGITS = replace(FACES, val_images=200, epochs=450)

Groups = dict[float, list[Run]]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Provide what the answer cells of the master define."""
    namespace: dict[str, Any] = {"torch": torch}
    for cell in read(notebook(COURSE.masters, LESSON)).cells:
        if is_answer(cell):
            exec(cell.source, namespace)
    return namespace


@pytest.fixture(scope="module")
def randomly(answers: dict[str, Any]) -> Callable[..., Preparation]:
    """Provide `with_random_labels` of the lesson."""

    def with_random_labels(fraction: float, num_classes: int = 3) -> Preparation:
        def prepare(images: ImageSet, seed: int) -> ImageSet:
            generator = torch.Generator().manual_seed(100 + seed)
            labels = answers["randomize_labels"](images.labels, fraction, num_classes, generator)
            return replace(images, labels=labels)

        return prepare

    return with_random_labels


@pytest.fixture(scope="module")
def faces() -> AnimalFaces:
    return load_animal_faces("faces")


@pytest.fixture(scope="module")
def clothes() -> Fashion:
    return load_fashion()


def final(runs: Sequence[Run], quantity: str) -> list[float]:
    """Return what was measured after the last epoch of each run."""
    return [getattr(run.history, quantity)[-1] for run in runs]


def first_perfect(runs: Sequence[Run]) -> list[int]:
    """Return the epoch, from 1, in which each run first knows all of its labels."""
    return [run.history.train_accuracy.index(1.0) + 1 for run in runs]


def near(values: Sequence[float], stated: float) -> bool:
    """Tell whether the mean of `values` is within three standard errors of what the text states."""
    return abs(paired_gain(values, [stated] * len(values)).mean) < 3 * error_of(values)


def error_of(values: Sequence[float]) -> float:
    return paired_gain(values, [0.0] * len(values)).standard_error


# --- section 2: labels drawn by lot ---


@pytest.fixture(scope="module")
def groups(faces: AnimalFaces, randomly: Callable[..., Preparation]) -> Groups:
    """Provide the four groups of runs of section 2."""
    return {
        fraction: train_seeds(faces.train, replace(FACES, prepare=randomly(fraction)), SEEDS)
        for fraction in (0, 0.1, 0.5, 1)
    }


@pytest.fixture(scope="module")
def tested(groups: Groups, faces: AnimalFaces) -> dict[float, list[float]]:
    return {fraction: accuracies_on(runs, faces.test) for fraction, runs in groups.items()}


@pytest.fixture(scope="module")
def clothes_groups(clothes: Fashion, randomly: Callable[..., Preparation]) -> Groups:
    return {
        fraction: train_seeds(clothes.train, replace(FACES, prepare=randomly(fraction)), SEEDS)
        for fraction in (0, 0.5, 1)
    }


@pytest.fixture(scope="module")
def digit_groups(randomly: Callable[..., Preparation]) -> Groups:
    make_model = partial(MLP, (64, 128, 32, 10))
    recipe = replace(DIGITS, epochs=330, make_model=make_model)  # nothing changes after that
    return {
        fraction: train_seeds(
            load_digit_images(), replace(recipe, prepare=randomly(fraction, 10)), SEEDS
        )
        for fraction in (0, 0.5, 1)
    }


@pytest.mark.parametrize("data", ["groups", "clothes_groups", "digit_groups"])
def test_every_run_knows_all_of_its_labels(data: str, request: pytest.FixtureRequest) -> None:
    for runs in request.getfixturevalue(data).values():
        assert set(final(runs, "train_accuracy")) == {1.0}


def test_random_labels_of_faces_take_hardly_longer(groups: Groups) -> None:
    for runs in groups.values():
        assert 73 < fmean(first_perfect(runs)) < 88
    assert paired_gain(first_perfect(groups[1]), first_perfect(groups[0])).mean < 15


def test_hills_of_the_validation_curves_are_luck(groups: Groups) -> None:
    def middle_and_end(fraction: float) -> tuple[list[float], list[float]]:
        curves = [run.history.val_accuracy for run in groups[fraction]]
        return [fmean(c[40:60]) for c in curves], [fmean(c[-20:]) for c in curves]

    middle, end = middle_and_end(1)
    assert near(middle, 0.35)
    assert near(end, 0.34)
    assert near([b - a for a, b in zip(middle, end, strict=True)], 0.0)
    peak = [fmean(run.history.val_accuracy[75:95]) for run in groups[0]]
    _, end = middle_and_end(0)
    assert paired_gain(end, peak).mean > -2 * paired_gain(end, peak).standard_error


def test_random_labels_of_digits_take_nearly_twice_as_long(digit_groups: Groups) -> None:
    times = {fraction: fmean(first_perfect(runs)) for fraction, runs in digit_groups.items()}
    assert times[0] < times[0.5] < times[1]
    assert 1.7 < times[1] / times[0] < 2


def test_more_random_labels_mean_lower_test_accuracy(tested: dict[float, list[float]]) -> None:
    for less, more in ((0, 0.1), (0.1, 0.5), (0.5, 1)):
        drop = paired_gain(tested[less], tested[more])
        assert drop.mean > drop.standard_error


@pytest.mark.parametrize(("fraction", "stated"), [(0, 0.66), (0.1, 0.63), (0.5, 0.51), (1, 0.33)])
def test_accuracies_are_about_those_of_the_text(
    tested: dict[float, list[float]], fraction: float, stated: float
) -> None:
    assert near(tested[fraction], stated)


def test_order_is_the_same_on_clothes(clothes_groups: Groups, clothes: Fashion) -> None:
    scores = {part: accuracies_on(runs, clothes.test) for part, runs in clothes_groups.items()}
    for less, more in ((0, 0.5), (0.5, 1)):
        drop = paired_gain(scores[less], scores[more])
        assert drop.mean > drop.standard_error
    assert near(scores[0], 0.63)
    assert near(scores[0.5], 0.45)
    assert near(scores[1], 1 / 3)


def test_order_is_the_same_on_digits(digit_groups: Groups) -> None:
    for less, more in ((0, 0.5), (0.5, 1)):
        drop = paired_gain(
            final(digit_groups[less], "val_accuracy"), final(digit_groups[more], "val_accuracy")
        )
        assert drop.mean > drop.standard_error
    assert near(final(digit_groups[1], "val_accuracy"), 0.1)


# --- section 3: regularizers ---


def l2_penalty(model: nn.Module) -> Tensor:
    return 0.04 * torch.stack([p.square().sum() for p in model.parameters()]).sum()


def dropout_net(*probabilities: float) -> Callable[[], nn.Module]:
    return partial(MLP, (3072, 128, 32, 3), dropout=probabilities)


def train_regularized(
    faces: AnimalFaces, prepare: Preparation, **changes: Any
) -> tuple[list[float], list[float]]:
    """Return late training accuracies and test accuracies."""
    recipe = replace(FACES, val_images=1, prepare=prepare, **changes)
    runs = train_seeds(faces.train, recipe, SEEDS)
    late = [fmean(run.history.train_accuracy[-20:]) for run in runs]
    return late, accuracies_on(runs, faces.test)


@pytest.mark.parametrize(
    "change",
    [{"make_model": dropout_net(0.5, 0.3)}, {"penalty": l2_penalty}],
    ids=["dropout", "L2"],
)
def test_useful_regularizers_do_not_forbid_memorisation(
    faces: AnimalFaces, randomly: Callable[..., Preparation], change: dict[str, Any]
) -> None:
    late, _ = train_regularized(faces, randomly(1), **change)
    assert fmean(late) > 0.99


def test_dropout_that_forbids_it_forbids_learning_too(
    faces: AnimalFaces, randomly: Callable[..., Preparation], tested: dict[float, list[float]]
) -> None:
    strong = {"make_model": dropout_net(0.9, 0.7)}
    memorised, _ = train_regularized(faces, randomly(1), **strong)
    learnt, test = train_regularized(faces, randomly(0), **strong)
    assert fmean(memorised) < 0.75
    assert fmean(learnt) < 0.9
    worse = paired_gain(tested[0], test)
    assert worse.mean > worse.standard_error
    assert abs(worse.mean - 0.05) < 3 * worse.standard_error


# --- section 4: early stopping ---


def stopping_gains(
    train: ImageSet, test: ImageSet, prepare: Preparation, rule: Callable[..., int]
) -> Any:
    """Return what early stopping gains in test accuracy over the last epoch."""
    recipe = replace(MORE_FACES, prepare=prepare)
    runs = train_seeds(train, recipe, SEEDS)
    stopped = []
    for run in runs:
        epochs = rule(run.history.val_loss, PATIENCE) + 1
        stopped += train_seeds(train, replace(recipe, epochs=epochs), [run.seed])
        seen, again = run.history.val_loss[epochs - 1], stopped[-1].history.val_loss[-1]
        assert again == pytest.approx(seen, rel=1e-2)  # the same network
    return paired_gain(accuracies_on(stopped, test), accuracies_on(runs, test)), runs


def test_stopping_early_gains_where_half_of_the_labels_are_random(
    faces: AnimalFaces, randomly: Callable[..., Preparation], answers: dict[str, Any]
) -> None:
    rule = answers["early_stopping_epoch"]
    gained, runs = stopping_gains(faces.train, faces.test, randomly(0.5), rule)
    assert gained.mean > 3 * gained.standard_error
    assert abs(100 * gained.mean - 4) < 300 * gained.standard_error
    assert set(final(runs, "train_accuracy")) == {1.0}


def test_stopping_early_costs_where_all_labels_are_true(
    faces: AnimalFaces, randomly: Callable[..., Preparation], answers: dict[str, Any]
) -> None:
    rule = answers["early_stopping_epoch"]
    gained, runs = stopping_gains(faces.train, faces.test, randomly(0), rule)
    assert gained.mean < -3 * gained.standard_error
    assert abs(100 * gained.mean + 5) < 300 * gained.standard_error
    for run in runs:  # and yet the loss is far above its minimum in the end
        assert run.history.val_loss[-1] > 1.5 * min(run.history.val_loss)


def test_clothes_agree_on_half_random_labels_and_show_no_cost_without(
    clothes: Fashion, randomly: Callable[..., Preparation], answers: dict[str, Any]
) -> None:
    rule = answers["early_stopping_epoch"]
    noisy, _ = stopping_gains(clothes.train, clothes.test, randomly(0.5), rule)
    clean, _ = stopping_gains(clothes.train, clothes.test, randomly(0), rule)
    assert noisy.mean > 3 * noisy.standard_error
    assert abs(100 * noisy.mean - 10) < 300 * noisy.standard_error
    assert abs(clean.mean) < 3 * clean.standard_error


# --- section 5: pruning ---

Pruned = dict[tuple[float, float], list[float]]  # by fraction of random labels and share pruned


@pytest.fixture(scope="module")
def prune(
    randomly: Callable[..., Preparation], answers: dict[str, Any]
) -> Callable[[Run, float, ImageSet, float], float]:
    """Provide the accuracy of a pruned copy, on `images` or those it was trained on."""

    def accuracy_pruned(run: Run, share: float, images: ImageSet, fraction: float) -> float:
        model = copy.deepcopy(run.model)
        answers["magnitude_prune"](model, share)
        if fraction >= 0:
            images = randomly(fraction)(split(images, (100, 100), seed=run.seed)[0], run.seed)
        return accuracy(model, BatchLoader(images, batch_size=len(images)))

    return accuracy_pruned


@pytest.fixture(scope="module")
def pruned(groups: Groups, faces: AnimalFaces, prune: Callable[..., float]) -> Pruned:
    """Provide training accuracies."""
    return {
        (fraction, share): [prune(run, share, faces.train, fraction) for run in groups[fraction]]
        for fraction in (0, 1)
        for share in (0.8, 0.9, 0.99, 0.995)
    }


def test_four_fifths_of_the_weights_are_hardly_missed(pruned: Pruned) -> None:
    for fraction in (0, 1):
        assert fmean(pruned[fraction, 0.8]) > 0.995


def test_nine_tenths_are_not_missed_on_new_pictures(
    groups: Groups, tested: dict[float, list[float]], faces: AnimalFaces, prune: Any
) -> None:
    without = [prune(run, 0.9, faces.test, -1) for run in groups[0]]
    assert abs(paired_gain(without, tested[0]).mean) < 0.015


def test_beyond_that_accuracy_falls_steeply(pruned: Pruned) -> None:
    for fraction in (0, 1):
        assert fmean(pruned[fraction, 0.9]) > 0.97
        assert fmean(pruned[fraction, 0.99]) < 0.88
        assert fmean(pruned[fraction, 0.995]) < 0.75


def test_random_labels_are_lost_sooner(pruned: Pruned) -> None:
    for share in (0.99, 0.995):
        lead = paired_gain(pruned[0, share], pruned[1, share])
        assert lead.mean > lead.standard_error


def test_clothes_are_pruned_less_easily_and_do_not_show_the_lead(
    clothes_groups: Groups, clothes: Fashion, prune: Callable[..., float]
) -> None:
    kept = {
        (fraction, share): [prune(run, share, clothes.train, fraction) for run in runs]
        for fraction, runs in clothes_groups.items()
        for share in (0.9, 0.99)
        if fraction != 0.5
    }
    assert near(kept[0, 0.9] + kept[1, 0.9], 0.9)
    lead = paired_gain(kept[0, 0.99], kept[1, 0.99])
    assert abs(lead.mean) < 3 * lead.standard_error


# --- section 6: the number of parameters ---


@pytest.fixture(scope="module")
def by_width(randomly: Callable[..., Preparation]) -> dict[int, list[Run]]:
    digits, found = load_digit_images(), {}
    for width in (1, 2, 8, 16, 256):
        make_model = partial(MLP, (64, width, 10))
        recipe = replace(DIGITS, make_model=make_model, prepare=randomly(0.2, 10))
        found[width] = train_seeds(digits, recipe, SEEDS)
    return found


def test_accuracy_rises_with_width_on_digits(by_width: dict[int, list[Run]]) -> None:
    scores = {width: final(runs, "val_accuracy") for width, runs in by_width.items()}
    for small, large in ((1, 2), (2, 8), (8, 256), (16, 256)):
        rise = paired_gain(scores[large], scores[small])
        assert rise.mean > rise.standard_error
    for width, stated in ((1, 0.19), (2, 0.31), (8, 0.62), (256, 0.69)):
        assert near(scores[width], stated)


def test_networks_from_16_units_on_know_all_random_labels(by_width: dict[int, list[Run]]) -> None:
    assert fmean(final(by_width[2], "train_accuracy")) < 0.6
    for width in (16, 256):
        assert fmean(final(by_width[width], "train_accuracy")) > 0.995


def test_loss_has_a_bump_where_networks_can_just_memorise(by_width: dict[int, list[Run]]) -> None:
    losses = {width: final(runs, "val_loss") for width, runs in by_width.items()}
    top = [fmean(pair) for pair in zip(losses[8], losses[16], strict=True)]
    for lower in (2, 256):
        bump = paired_gain(top, losses[lower])
        assert bump.mean > bump.standard_error


def test_width_makes_no_difference_on_faces(faces: AnimalFaces) -> None:
    scores = []
    for width in (8, 256):
        recipe = replace(FACES, make_model=partial(MLP, (3072, width, 3)))
        scores.append(fmean(accuracies_on(train_seeds(faces.train, recipe, SEEDS), faces.test)))
    assert max(scores) - min(scores) < 0.02
