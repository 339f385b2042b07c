"""The lesson on adversarial attacks claims only what holds, over seeds that it does not use."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from statistics import fmean, median, stdev
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector
from torch.optim import SGD

from course.layout import Course, notebook
from course.notebooks import is_answer, read
from helpers.data import BatchLoader, load_animal_faces, split
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import Gain, Recipe, initialise, paired_gain, train_seeds
from helpers.models import MLP, animal_net
from helpers.robustness import (
    GREY_LEVEL,
    AttackedLoader,
    Tempered,
    accuracy_by_epsilon,
    distil,
    margin_loss,
    predictions,
    sign_noise,
)
from helpers.training.loop import train_epoch
from tests.fashion import load_fashion
from tests.toy import REPOSITORY_ROOT

LESSON = "adversarial_attacks"
SEEDS = range(1000, 1010)
TEMPERATURE = 30
SHORT = Recipe(train_images=250, val_images=20, epochs=60, lr=0.05, momentum=0.9)

Models = list[nn.Module]


def answers() -> dict[str, Any]:
    """Return what the answer cells of the master define."""
    namespace: dict[str, Any] = {"torch": torch, "F": F}
    for cell in read(notebook(Course(REPOSITORY_ROOT).masters, LESSON)).cells:
        if is_answer(cell):
            exec(cell.source, namespace)
    return namespace


ANSWERS = answers()
fgsm, pgd = ANSWERS["fgsm_attack"], ANSWERS["pgd_attack"]
ATTACKS = {
    "FGSM": fgsm,
    "FGSM margin": partial(fgsm, loss=margin_loss),
    "PGD": partial(pgd, steps=10),
    "PGD margin": partial(pgd, steps=10, loss=margin_loss),
    "noise": lambda model, images, labels, epsilon: sign_noise(
        images, epsilon, generator=torch.Generator().manual_seed(0)
    ),
}


@dataclass(frozen=True, eq=False)  # by identity, so that results can be remembered
class Lab:
    """Models by kind, one a seed each, and the pictures on which those of a seed are judged."""

    models: dict[str, Models]
    pictures: list[BatchLoader]

    @cache  # noqa: B019  (a lab lives as long as its module)
    def accuracies(self, kind: str, attack: str, grey_levels: float) -> list[float]:
        """Return the accuracy in percent of each model of a kind under an attack."""
        return [
            100
            * accuracy_by_epsilon(
                model, data.images, data.labels, ATTACKS[attack], [grey_levels * GREY_LEVEL]
            )[0]
            for model, data in zip(self.models[kind], self.pictures, strict=True)
        ]

    def gain(self, kind: str, other: str, grey_levels: float, attack: str = "PGD margin") -> Gain:
        """Return by how many points one kind of models is better than another."""
        scores = [self.accuracies(name, attack, grey_levels) for name in (kind, other)]
        return paired_gain(*scores)

    def unmoved(self, kind: str) -> list[float]:
        """Return the percentage of pictures that FGSM cannot move, for each model of a kind."""
        shares = []
        for model, data in zip(self.models[kind], self.pictures, strict=True):
            attacked = fgsm(model, data.images, data.labels, GREY_LEVEL)
            still = (attacked == data.images).flatten(1).all(dim=1)
            shares.append(100 * still.float().mean().item())
        return shares


def train_attacked(train: BatchLoader, seed: int, grey_levels: int, lr: float) -> nn.Module:
    model = initialise(animal_net, seed)
    attack = partial(fgsm, epsilon=grey_levels * GREY_LEVEL)
    optimizer = SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(60):
        train_epoch(model, AttackedLoader(train, model, attack), optimizer)
    return model


def train_distilled(train: BatchLoader, seed: int) -> nn.Module:
    teacher = initialise(lambda: Tempered(animal_net(), TEMPERATURE), 500 + seed)
    optimizer = SGD(teacher.parameters(), lr=0.01 * TEMPERATURE, momentum=0.9)
    for _ in range(60):
        train_epoch(teacher, train, optimizer)
    student = initialise(animal_net, seed)
    optimizer = SGD(student.parameters(), lr=0.01 / TEMPERATURE, momentum=0.9)
    loss = partial(ANSWERS["distillation_loss"], temperature=TEMPERATURE)
    assert isinstance(teacher, Tempered)
    distil(student, teacher.network, train, optimizer, loss=loss, epochs=60)
    return student


def norm_penalty(strength: float, power: int) -> Callable[[nn.Module], Tensor]:
    def penalty(model: nn.Module) -> Tensor:
        weights = parameters_to_vector(model.parameters())
        return strength * torch.linalg.vector_norm(weights, ord=power) ** power

    return penalty


def parts(dataset: ImageSet, sizes: tuple[int, int], seed: int) -> list[BatchLoader]:
    return [BatchLoader(part) for part in split(dataset, sizes, seed=seed)]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Provide the networks of the lesson."""
    faces = load_animal_faces("faces").train
    pairs = [parts(faces, (250, 300), seed) for seed in SEEDS]

    def seeded(recipe: Recipe) -> Models:
        return [run.model for run in train_seeds(faces, recipe, SEEDS)]

    def each(train: Callable[..., nn.Module], *options: float) -> Models:
        return [train(pair[0], seed, *options) for pair, seed in zip(pairs, SEEDS, strict=True)]

    models = {
        "plain": seeded(Recipe(train_images=250, val_images=300)),
        "short": seeded(SHORT),
        "L2": seeded(replace(SHORT, penalty=norm_penalty(1e-2, 2))),
        "L1": seeded(replace(SHORT, penalty=norm_penalty(1e-3, 1))),
        "at 4": each(train_attacked, 4, 0.05),
        "at 8": each(train_attacked, 8, 0.05),
        "distilled": each(train_distilled),
    }
    return Lab(models, [pair[1] for pair in pairs])


def mean_and_error(values: list[float]) -> tuple[float, float]:
    return fmean(values), stdev(values) / len(values) ** 0.5


# --- sections 3 to 5: attacks on the plain network, and what cross-entropy hides ---


def test_random_signs_cost_next_to_nothing(lab: Lab) -> None:
    clean = lab.accuracies("plain", "noise", 0)
    for grey_levels in (1, 4, 16):
        assert abs(paired_gain(clean, lab.accuracies("plain", "noise", grey_levels)).mean) < 1


@pytest.mark.parametrize(
    ("attack", "grey_levels", "percent"),
    [
        ("FGSM", 0, 74),
        ("FGSM", 2, 50),
        ("FGSM", 4, 30),
        ("PGD", 4, 26),
        ("FGSM margin", 4, 26),
        ("FGSM", 16, 7),
        ("PGD", 16, 7),
    ],
)
def test_accuracies_of_the_plain_network_are_about_those_of_the_text(
    lab: Lab, attack: str, grey_levels: int, percent: float
) -> None:
    mean, error = mean_and_error(lab.accuracies("plain", attack, grey_levels))
    assert abs(mean - percent) < 2 * error, f"{mean:.1f} ± {error:.1f}"


def test_fgsm_brings_every_plain_network_below_chance(lab: Lab) -> None:
    assert max(lab.accuracies("plain", "FGSM", 8)) < 100 / 3


def test_ten_steps_do_more_harm_than_one_by_a_few_points(lab: Lab) -> None:
    one, ten = (lab.accuracies("plain", attack, 4) for attack in ("FGSM", "PGD"))
    harm = paired_gain(one, ten)
    assert harm.mean > harm.standard_error
    assert abs(harm.mean - 4) < 3 * harm.standard_error + 0.5


def test_cross_entropy_cannot_move_some_pictures(lab: Lab) -> None:
    mean, error = mean_and_error(lab.unmoved("plain"))
    assert abs(mean - 6) < 2 * error, f"{mean:.1f} ± {error:.1f}"


def test_margin_loss_leaves_nothing_at_16_grey_levels(lab: Lab) -> None:
    assert fmean(lab.accuracies("plain", "FGSM margin", 16)) < 1
    assert fmean(lab.accuracies("plain", "PGD margin", 16)) < 1


def test_one_step_on_the_margin_equals_ten_on_cross_entropy_and_beats_them_at_8(lab: Lab) -> None:
    found = {}
    for level in (4, 8):
        ten, one = (lab.accuracies("plain", attack, level) for attack in ("PGD", "FGSM margin"))
        found[level] = paired_gain(ten, one)
    assert abs(found[4].mean) < 1.5
    assert found[8].mean > found[8].standard_error


def test_logits_of_pictures_that_do_not_move_are_far_apart(lab: Lab) -> None:
    gaps = []
    for model, data in zip(lab.models["plain"], lab.pictures, strict=True):
        still = fgsm(model, data.images, data.labels, GREY_LEVEL) == data.images
        with torch.no_grad():
            best = model(data.images[still.flatten(1).all(dim=1)]).topk(2).values
        gaps += (best[:, 0] - best[:, 1]).tolist()
    assert min(gaps) > 80
    assert 90 < median(gaps) < 130, f"{median(gaps):.1f}"


# --- section 6: adversarial training ---


@pytest.mark.parametrize("kind", ["at 4", "at 8"])
@pytest.mark.parametrize("grey_levels", [4, 8])
def test_adversarial_training_defends(lab: Lab, kind: str, grey_levels: int) -> None:
    gain = lab.gain(kind, "short", grey_levels)
    assert gain.mean > 10
    assert gain.mean > 4 * gain.standard_error
    assert gain.better == gain.pairs


def test_training_at_8_grey_levels_costs_clean_accuracy(lab: Lab) -> None:
    price = lab.gain("short", "at 8", 0)
    assert price.mean > price.standard_error


def test_training_at_4_grey_levels_costs_next_to_no_clean_accuracy(lab: Lab) -> None:
    gain = lab.gain("at 4", "short", 0)
    assert abs(gain.mean) < 2


def test_with_16_grey_levels_most_pictures_fall(lab: Lab) -> None:
    for kind in ("at 4", "at 8"):
        assert fmean(lab.accuracies(kind, "PGD margin", 16)) < 25


def test_training_at_8_defends_more_than_at_4(lab: Lab) -> None:
    for grey_levels in (4, 8):
        gain = lab.gain("at 8", "at 4", grey_levels)
        assert gain.mean > gain.standard_error


@pytest.mark.parametrize(
    ("kind", "grey_levels", "percent"),
    [
        ("short", 0, 78),
        ("short", 4, 28),
        ("short", 8, 6),
        ("at 4", 0, 78),
        ("at 8", 0, 63),
        ("at 4", 4, 45),
        ("at 8", 4, 49),
        ("at 4", 8, 20),
        ("at 8", 8, 36),
    ],
)
def test_accuracies_after_adversarial_training_are_about_those_of_the_text(
    lab: Lab, kind: str, grey_levels: int, percent: float
) -> None:
    mean, error = mean_and_error(lab.accuracies(kind, "PGD margin", grey_levels))
    assert abs(mean - percent) < 2 * error, f"{mean:.1f} ± {error:.1f}"


# --- section 7: feature squeezing as a detector ---


def change_of_answer(model: nn.Module, images: Tensor, bits: int) -> Tensor:
    squeezed = ANSWERS["squeeze_bit_depth"](images, bits)
    with torch.no_grad():
        return (model(images).softmax(dim=1) - model(squeezed).softmax(dim=1)).abs().sum(dim=1)


def alarms(
    models: Models, pictures: list[BatchLoader], bits: int, grey_levels: float
) -> tuple[list[float], list[float]]:
    """Return the percentages of false alarms and of detections, for each model."""
    false, true = [], []
    for model, data in zip(models, pictures, strict=True):
        half = len(data.images) // 2
        threshold = change_of_answer(model, data.images[:half], bits).quantile(0.95)
        images, labels = data.images[half:], data.labels[half:]
        attacked = ATTACKS["PGD margin"](model, images, labels, grey_levels * GREY_LEVEL)
        fooled = (predictions(model, images) == labels) & (predictions(model, attacked) != labels)
        for shares, some in ((false, images), (true, attacked[fooled])):
            rate = (change_of_answer(model, some, bits) > threshold).float().mean()
            shares.append(100 * rate.item())
    return false, true


@pytest.fixture(scope="module")
def digit_lab() -> Lab:
    """Provide networks for handwritten digits."""
    digits = load_digit_images()
    make_model = partial(MLP, (64, 128, 32, 10))
    recipe = Recipe(train_images=500, val_images=600, make_model=make_model)
    models = [run.model for run in train_seeds(digits, recipe, SEEDS)]
    return Lab({"plain": models}, [parts(digits, (500, 600), seed)[1] for seed in SEEDS])


def test_false_alarms_are_about_five_percent(lab: Lab, digit_lab: Lab) -> None:
    for place, grey_levels in ((lab, 4), (digit_lab, 8)):
        false, _ = alarms(place.models["plain"], place.pictures, 3, grey_levels)
        assert abs(fmean(false) - 5) < 2.5


@pytest.mark.parametrize("bits", [1, 3, 5])
def test_detector_is_nearly_useless_on_faces(lab: Lab, bits: int) -> None:
    _, true = alarms(lab.models["plain"], lab.pictures, bits, 4)
    assert fmean(true) < 20


@pytest.mark.parametrize("bits", [3, 4])
def test_detector_notices_more_than_half_on_digits(digit_lab: Lab, bits: int) -> None:
    false, true = alarms(digit_lab.models["plain"], digit_lab.pictures, bits, 8)
    mean, error = mean_and_error(true)
    assert mean - 2 * error > 50, f"{mean:.1f} ± {error:.1f}"
    assert mean > 5 * fmean(false)


# --- section 8: defensive distillation ---


def test_distilled_network_seems_robust_to_cross_entropy(lab: Lab) -> None:
    gain = lab.gain("distilled", "plain", 8, "FGSM")
    assert gain.mean > 20
    assert gain.better == gain.pairs


@pytest.mark.parametrize("grey_levels", [8, 16])
def test_distilled_network_keeps_half_of_the_pictures(lab: Lab, grey_levels: int) -> None:
    mean, error = mean_and_error(lab.accuracies("distilled", "FGSM", grey_levels))
    assert abs(mean - 50) < 2 * error, f"{mean:.1f} ± {error:.1f}"


def test_about_half_of_its_gradients_are_zero(lab: Lab) -> None:
    mean, error = mean_and_error(lab.unmoved("distilled"))
    assert abs(mean - 50) < 2 * error, f"{mean:.1f} ± {error:.1f}"


def test_margin_loss_shows_that_distillation_does_not_defend(lab: Lab) -> None:
    for attack in ("FGSM margin", "PGD margin"):
        assert fmean(lab.accuracies("distilled", attack, 16)) < 2
    gain = lab.gain("distilled", "plain", 4)
    assert gain.mean < 5, f"{gain.mean:.1f} ± {gain.standard_error:.1f}"


# --- section 9: norm penalties ---


def test_l2_does_not_defend(lab: Lab) -> None:
    gain = lab.gain("L2", "short", 4)
    assert gain.mean < max(2 * gain.standard_error, 2), (
        f"{gain.mean:.1f} ± {gain.standard_error:.1f}"
    )


def test_l1_defends_less_than_adversarial_training(lab: Lab) -> None:
    gain = lab.gain("L1", "short", 4)
    assert gain.mean > gain.standard_error
    assert abs(gain.mean - 9) < 3 * gain.standard_error, f"{gain.mean:.1f}"
    less = lab.gain("at 4", "L1", 4)
    assert less.mean > less.standard_error


def test_l1_costs_clean_accuracy_but_little_in_most_runs(lab: Lab) -> None:
    price = lab.gain("short", "L1", 0)
    assert price.mean > price.standard_error, f"{price.mean:.1f} ± {price.standard_error:.1f}"
    without, treated = (lab.accuracies(kind, "PGD margin", 0) for kind in ("short", "L1"))
    assert median(a - b for a, b in zip(without, treated, strict=True)) < 3


# --- real photographs ---


@pytest.fixture(scope="module")
def fashion_lab() -> Lab:
    """Provide plain and adversarially trained networks for clothes, on 100 pictures each."""
    clothes = load_fashion().train
    pairs = [parts(clothes, (100, 300), seed) for seed in SEEDS]
    plain = train_seeds(clothes, Recipe(train_images=100, val_images=300), SEEDS)
    robust = [
        train_attacked(pair[0], seed, 8, 0.02) for pair, seed in zip(pairs, SEEDS, strict=True)
    ]
    models = {"plain": [run.model for run in plain], "at 8": robust}
    return Lab(models, [pair[1] for pair in pairs])


def test_attack_beats_noise_of_the_same_size_on_photographs(fashion_lab: Lab) -> None:
    noisy, attacked = (fashion_lab.accuracies("plain", kind, 8) for kind in ("noise", "FGSM"))
    harm = paired_gain(noisy, attacked)
    assert harm.mean > 20
    assert harm.better == harm.pairs


def test_adversarial_training_defends_on_photographs(fashion_lab: Lab) -> None:
    gain = fashion_lab.gain("at 8", "plain", 8)
    assert gain.mean > 3 * gain.standard_error, f"{gain.mean:.1f} ± {gain.standard_error:.1f}"


def test_adversarial_training_costs_clean_accuracy_on_photographs(fashion_lab: Lab) -> None:
    price = fashion_lab.gain("plain", "at 8", 0)
    assert price.mean > price.standard_error, f"{price.mean:.1f} ± {price.standard_error:.1f}"
