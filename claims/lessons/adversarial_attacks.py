"""What the lesson on adversarial attacks says of its figures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean, median

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector
from torch.optim import SGD

from claims.bounds import Bound, about, above, below, each
from claims.claim import Claim
from claims.fashion import load_fashion
from claims.measuring import differences
from claims.study import Study
from helpers.data import BatchLoader, load_animal_faces, split
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import Recipe, initialise, train_seeds
from helpers.models import animal_net
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

TEMPERATURE = 30
Models = list[nn.Module]
Attack = Callable[..., Tensor]


@dataclass(frozen=True)
class Lab:
    """Models by kind, one a seed each, and the pictures on which those of a seed are judged."""

    models: dict[str, Models]
    pictures: list[BatchLoader]


Measured = Callable[[Study], Lab]


def attacks(study: Study) -> dict[str, Attack]:
    """Return the attacks by name; all take a model, images, labels and ε."""
    fgsm, pgd = study.method("fgsm_attack"), study.method("pgd_attack")

    def noise(model: nn.Module, images: Tensor, labels: Tensor, epsilon: float) -> Tensor:
        return sign_noise(images, epsilon, generator=torch.Generator().manual_seed(0))

    return {
        "FGSM": fgsm,
        "FGSM margin": partial(fgsm, loss=margin_loss),
        "PGD": partial(pgd, steps=10),
        "PGD margin": partial(pgd, steps=10, loss=margin_loss),
        "noise": noise,
    }


# --- the networks of the lesson, and those for digits and clothes ---


def faces(study: Study) -> Lab:
    """Train the networks of the lesson that no attack trains."""
    images, plain, short = face_images(), study.method("recipe"), short_recipe(study)
    recipes = {
        "plain": plain,
        "short": short,
        "L2": replace(short, penalty=norm_penalty(1e-2, 2)),
        "L1": replace(short, penalty=norm_penalty(1e-3, 1)),
    }
    models = {name: seeded(images, recipe, study.seeds) for name, recipe in recipes.items()}
    pairs = [parts(images, (250, 300), seed) for seed in study.seeds]
    return Lab(models, [val for _, val in pairs])


def attacked_faces(study: Study) -> Lab:
    """Train networks on attacked faces, beside those of the lesson."""
    lab, fgsm, images = study.measured(faces), study.method("fgsm_attack"), face_images()
    train = {seed: parts(images, (250, 300), seed)[0] for seed in study.seeds}
    models = {
        f"at {level}": [
            train_attacked(train[seed], seed, partial(fgsm, epsilon=level * GREY_LEVEL), 0.05)
            for seed in study.seeds
        ]
        for level in (4, 8)
    }
    return Lab(lab.models | models, lab.pictures)


def distilled_faces(study: Study) -> Lab:
    """Train distilled networks, beside those of the lesson."""
    lab, loss, images = study.measured(faces), study.method("distillation_loss"), face_images()
    distilled = [
        train_distilled(parts(images, (250, 300), seed)[0], seed, loss) for seed in study.seeds
    ]
    return Lab(lab.models | {"distilled": distilled}, lab.pictures)


def digits(study: Study) -> Lab:
    """Train networks for handwritten digits."""
    images, recipe = load_digit_images(), study.method("digit_recipe")
    pictures = [parts(images, (500, 600), seed)[1] for seed in study.seeds]
    return Lab({"plain": seeded(images, recipe, study.seeds)}, pictures)


def clothes(study: Study) -> Lab:
    """Train plain networks and attacked ones for clothes, on 100 pictures each."""
    images, fgsm = load_fashion().train, study.method("fgsm_attack")
    recipe = replace(study.method("recipe"), train_images=100)
    pairs = [parts(images, (100, 300), seed) for seed in study.seeds]
    attack = partial(fgsm, epsilon=8 * GREY_LEVEL)
    robust = [
        train_attacked(train, seed, attack, 0.02)
        for (train, _), seed in zip(pairs, study.seeds, strict=True)
    ]
    models = {"plain": seeded(images, recipe, study.seeds), "at 8": robust}
    return Lab(models, [val for _, val in pairs])


def face_images() -> ImageSet:
    """Return the drawn faces to train and validate on."""
    return load_animal_faces("faces").train


def short_recipe(study: Study) -> Recipe:
    """Return how the lesson trains the control of its defences."""
    recipe: Recipe = study.method("recipe")
    return replace(recipe, val_images=20, epochs=60, lr=0.05, momentum=0.9)


def seeded(images: ImageSet, recipe: Recipe, seeds: Iterable[int]) -> Models:
    """Train a recipe from every seed."""
    return [run.model for run in train_seeds(images, recipe, seeds)]


def parts(dataset: ImageSet, sizes: tuple[int, int], seed: int) -> list[BatchLoader]:
    """Return the training and the validation pictures of a seed."""
    return [BatchLoader(part) for part in split(dataset, sizes, seed=seed)]


def norm_penalty(strength: float, power: int) -> Callable[[nn.Module], Tensor]:
    """Return an L1 or L2 penalty."""

    def penalty(model: nn.Module) -> Tensor:
        weights = parameters_to_vector(model.parameters())
        size: Tensor = strength * torch.linalg.vector_norm(weights, ord=power) ** power
        return size

    return penalty


def train_attacked(train: BatchLoader, seed: int, attack: Attack, lr: float) -> nn.Module:
    """Train a network on pictures that are attacked as they are served."""
    model = initialise(animal_net, seed)
    optimizer = SGD(model.parameters(), lr=lr, momentum=0.9)
    for _ in range(60):
        train_epoch(model, AttackedLoader(train, model, attack), optimizer)
    return model


def train_distilled(train: BatchLoader, seed: int, loss: Callable[..., Tensor]) -> nn.Module:
    """Train a teacher at the temperature, and its student."""
    teacher = initialise(lambda: Tempered(animal_net(), TEMPERATURE), 500 + seed)
    optimizer = SGD(teacher.parameters(), lr=0.01 * TEMPERATURE, momentum=0.9)
    for _ in range(60):
        train_epoch(teacher, train, optimizer)
    student = initialise(animal_net, seed)
    optimizer = SGD(student.parameters(), lr=0.01 / TEMPERATURE, momentum=0.9)
    assert isinstance(teacher, Tempered)
    soft = partial(loss, temperature=TEMPERATURE)
    distil(student, teacher.network, train, optimizer, loss=soft, epochs=60)
    return student


# --- what an attack leaves ---


def accuracy(
    study: Study, measured: Measured, kind: str, attack: str, grey_levels: float
) -> list[float]:
    """Return the accuracy in percent of each model of a kind under an attack."""
    return study.measured(attack_all, measured, kind, attack, grey_levels)


def attack_all(
    study: Study, measured: Measured, kind: str, attack: str, grey_levels: float
) -> list[float]:
    """Attack the pictures of every seed, and return the accuracies in percent."""
    lab, attacking = study.measured(measured), attacks(study)[attack]
    return [
        100
        * accuracy_by_epsilon(
            model, data.images, data.labels, attacking, [grey_levels * GREY_LEVEL]
        )[0]
        for model, data in zip(lab.models[kind], lab.pictures, strict=True)
    ]


def harm(
    study: Study, measured: Measured, attacks: tuple[str, str], grey_levels: tuple[int, int]
) -> list[float]:
    """Return by how many points the second attack leaves plain networks less than the first."""
    pairs = zip(attacks, grey_levels, strict=True)
    weak, strong = (accuracy(study, measured, "plain", attack, level) for attack, level in pairs)
    return differences(weak, strong)


def gain(
    study: Study,
    measured: Measured,
    kinds: tuple[str, str],
    grey_levels: int,
    attack: str = "PGD margin",
) -> list[float]:
    """Return by how many points the first kind of models is better than the second."""
    first, second = (accuracy(study, measured, kind, attack, grey_levels) for kind in kinds)
    return differences(first, second)


def median_gain(
    study: Study, measured: Measured, kinds: tuple[str, str], grey_levels: int
) -> float:
    """Return the median of that over the seeds."""
    return median(gain(study, measured, kinds, grey_levels))


def still_pictures(study: Study, model: nn.Module, data: BatchLoader) -> Tensor:
    """Return which pictures FGSM cannot move, bool (pictures)."""
    attacked: Tensor = study.method("fgsm_attack")(model, data.images, data.labels, GREY_LEVEL)
    return (attacked == data.images).flatten(1).all(dim=1)


def unmoved(study: Study, measured: Measured, kind: str) -> list[float]:
    """Return the percentage of pictures that FGSM cannot move, for each model of a kind."""
    lab = study.measured(measured)
    return [
        100 * still_pictures(study, model, data).double().mean().item()
        for model, data in zip(lab.models[kind], lab.pictures, strict=True)
    ]


def logit_gaps(study: Study) -> list[float]:
    """Return by how much the best logit leads, for all still pictures of all plain models."""
    lab, gaps = study.measured(faces), []
    for model, data in zip(lab.models["plain"], lab.pictures, strict=True):
        still = still_pictures(study, model, data)
        with torch.no_grad():
            best = model(data.images[still]).topk(2).values
        gaps += (best[:, 0] - best[:, 1]).tolist()
    return gaps


def smallest_logit_gap(study: Study) -> float:
    """Return the smallest of those leads."""
    return min(logit_gaps(study))


def median_logit_gap(study: Study) -> float:
    """Return the median of those leads."""
    return median(logit_gaps(study))


# --- section 7: feature squeezing as a detector ---


@dataclass(frozen=True)
class Alarms:
    """Percentages for each model: of clean pictures, and of successful attacks, with an alarm."""

    false: list[float]
    true: list[float]


def alarms(study: Study, measured: Measured, bits: int, grey_levels: int) -> Alarms:
    """Set the threshold on the first half of the pictures, and count alarms on the second."""
    lab, attack, found = study.measured(measured), attacks(study)["PGD margin"], Alarms([], [])
    change = partial(change_of_answer, squeeze=study.method("squeeze_bit_depth"), bits=bits)
    for model, data in zip(lab.models["plain"], lab.pictures, strict=True):
        half = len(data.images) // 2
        threshold = change(model, data.images[:half]).quantile(0.95)
        images, labels = data.images[half:], data.labels[half:]
        attacked = attack(model, images, labels, grey_levels * GREY_LEVEL)
        fooled = (predictions(model, images) == labels) & (predictions(model, attacked) != labels)
        for shares, some in ((found.false, images), (found.true, attacked[fooled])):
            shares.append(100 * (change(model, some) > threshold).double().mean().item())
    return found


def change_of_answer(
    model: nn.Module, images: Tensor, *, squeeze: Callable[[Tensor, int], Tensor], bits: int
) -> Tensor:
    """Return by how much squeezing changes the probabilities of each picture."""
    with torch.no_grad():
        before, after = (model(each).softmax(dim=1) for each in (images, squeeze(images, bits)))
    change: Tensor = (before - after).abs().sum(dim=1)
    return change


def alarm_rate(
    study: Study, measured: Measured, bits: int, grey_levels: int, kind: str
) -> list[float]:
    """Return the percentage of "false" or "true" alarms for each model."""
    rates: list[float] = getattr(alarms(study, measured, bits, grey_levels), kind)
    return rates


def detections_above_five_times_false_alarms(study: Study, bits: int) -> float:
    """Return by how much the mean of detections on digits is above five times that of alarms."""
    found = alarms(study, digits, bits, 8)
    return fmean(found.true) - 5 * fmean(found.false)


def stated(value: float) -> Bound:
    """Return: within two standard errors of what the text says."""
    return about(value, errors=2)


PLAIN = (
    ("FGSM", 0, 74, "from about 75 % to about 50 % with 2 grey levels"),
    ("FGSM", 2, 50, "to about {50} % with 2 grey levels"),
    ("FGSM", 4, 30, ""),
    ("PGD", 4, 26, ""),
    ("FGSM margin", 4, 26, ""),
    ("FGSM", 16, 7, "Both curves stop falling at about {7} %"),
    ("PGD", 16, 7, "Both curves stop falling at about {7} %"),
)
DEFENDED = (
    ("short", 0, 78, "On clean pictures the control is right for about {78} %"),
    (
        "short",
        4,
        28,
        "Over {ten} other seeds, PGD with 4 grey levels leaves the control about {28} %",
    ),
    ("short", 8, 6, "With 8 grey levels it is {6}, 20 and 36 %"),
    ("at 4", 0, 78, "Those trained at 4 lose nothing that we could measure: {78} % too"),
    ("at 8", 0, 63, "The networks trained at 8 are right for about {63} %"),
    ("at 4", 4, 45, "the networks trained at 4 about {45} %"),
    ("at 8", 4, 49, "and those trained at 8 about {49} %"),
    ("at 4", 8, 20, "With 8 grey levels it is 6, {20} and 36 %"),
    ("at 8", 8, 36, "With 8 grey levels it is 6, 20 and {36} %"),
)


def adversarial_claims() -> list[Claim]:
    """Return what is said of networks trained at 4 and at 8 grey levels."""
    claims = []
    for kind in ("at 4", "at 8"):
        for level in (4, 8):
            statistic = partial(
                gain, measured=attacked_faces, kinds=(kind, "short"), grey_levels=level
            )
            words = f"Training {kind} grey levels defends at {level}"
            claims += [
                Claim(f"{words}, by more than ten points", 6, statistic, above(10)),
                Claim(f"{words}, clearly", 6, statistic, above(0, errors=4)),
                Claim(f"{words}, for every seed", 6, statistic, each(above(0))),
            ]
    return claims


CLAIMS = (
    *(
        Claim(
            f"Random signs of {level} grey levels cost next to nothing",
            3,
            partial(harm, measured=faces, attacks=("noise", "noise"), grey_levels=(0, level)),
            about(0, slack=1),
            says=("even 16 grey levels of noise cost less than {one} point",)
            if level == 16
            else (),
        )
        for level in (1, 4, 16)
    ),
    *(
        Claim(
            f"{attack} of {level} grey levels leaves the plain network about {value} %",
            3 if attack == "FGSM" and level < 16 else 4,
            partial(accuracy, measured=faces, kind="plain", attack=attack, grey_levels=level),
            stated(value),
            says=(phrase,) if phrase else (),
        )
        for attack, level, value, phrase in PLAIN
    ),
    Claim(
        "FGSM of 8 grey levels brings every plain network below chance",
        3,
        partial(accuracy, measured=faces, kind="plain", attack="FGSM", grey_levels=8),
        each(below(100 / 3)),
        says=("far below chance (33 %) with 8",),
    ),
    Claim(
        "Ten steps do more harm than one",
        4,
        partial(harm, measured=faces, attacks=("FGSM", "PGD"), grey_levels=(4, 4)),
        above(0, errors=1),
    ),
    Claim(
        "Ten steps do more harm than one by about four points",
        4,
        partial(harm, measured=faces, attacks=("FGSM", "PGD"), grey_levels=(4, 4)),
        about(4, errors=3, slack=0.5),
        says=("PGD fools the network more often, by a few points",),
    ),
    Claim(
        "FGSM on cross-entropy cannot move about 6 % of the pictures",
        5,
        partial(unmoved, measured=faces, kind="plain"),
        stated(6),
        says=("The gradient of cross-entropy is exactly zero for about {6} % of the pictures",),
    ),
    *(
        Claim(
            f"{attack} leaves nothing at 16 grey levels",
            5,
            partial(accuracy, measured=faces, kind="plain", attack=attack, grey_levels=16),
            below(1),
        )
        for attack in ("FGSM margin", "PGD margin")
    ),
    Claim(
        "At 4 grey levels one step on the margin does as much harm as ten on cross-entropy",
        5,
        partial(harm, measured=faces, attacks=("PGD", "FGSM margin"), grey_levels=(4, 4)),
        about(0, slack=1.5),
    ),
    Claim(
        "At 8 grey levels one step on the margin does more harm than ten on cross-entropy",
        5,
        partial(harm, measured=faces, attacks=("PGD", "FGSM margin"), grey_levels=(8, 8)),
        above(0, errors=1),
    ),
    Claim(
        "The logits of pictures that do not move are far apart",
        5,
        smallest_logit_gap,
        above(80),
    ),
    Claim(
        "The logits of pictures that do not move are about 100 apart",
        5,
        median_logit_gap,
        about(110, slack=20),
        says=("the logit of the true class is about 100 or more above the others",),
    ),
    *adversarial_claims(),
    Claim(
        "Training at 8 grey levels costs clean accuracy",
        6,
        partial(gain, measured=attacked_faces, kinds=("short", "at 8"), grey_levels=0),
        above(0, errors=1),
    ),
    Claim(
        "Training at 8 grey levels costs some fifteen points of clean accuracy",
        6,
        partial(gain, measured=attacked_faces, kinds=("short", "at 8"), grey_levels=0),
        about(15, errors=3),
        says=("they lose some {fifteen} points",),
    ),
    Claim(
        "Training at 4 grey levels costs next to no clean accuracy",
        6,
        partial(gain, measured=attacked_faces, kinds=("at 4", "short"), grey_levels=0),
        about(0, slack=2),
    ),
    *(
        Claim(
            f"With 16 grey levels most pictures fall, trained {kind}",
            6,
            partial(
                accuracy, measured=attacked_faces, kind=kind, attack="PGD margin", grey_levels=16
            ),
            below(25),
        )
        for kind in ("at 4", "at 8")
    ),
    *(
        Claim(
            f"Training at 8 defends more than at 4, at {level} grey levels",
            6,
            partial(gain, measured=attacked_faces, kinds=("at 8", "at 4"), grey_levels=level),
            above(0, errors=1),
        )
        for level in (4, 8)
    ),
    *(
        Claim(
            f"PGD on the margin of {level} grey levels leaves {kind} about {value} %",
            6,
            partial(
                accuracy,
                measured=attacked_faces,
                kind=kind,
                attack="PGD margin",
                grey_levels=level,
            ),
            stated(value),
            says=(phrase,),
        )
        for kind, level, value, phrase in DEFENDED
    ),
    *(
        Claim(
            f"False alarms on {name} are about five percent",
            7,
            partial(alarm_rate, measured=measured, bits=3, grey_levels=level, kind="false"),
            about(5, slack=2.5),
            says=("at {5} % false alarms",) if name == "faces" else (),
        )
        for name, measured, level in (("faces", faces, 4), ("digits", digits, 8))
    ),
    *(
        Claim(
            f"The detector with {bits} bits is nearly useless on faces",
            7,
            partial(alarm_rate, measured=faces, bits=bits, grey_levels=4, kind="true"),
            below(20),
            says=("it notices at best about one attack in seven",),
        )
        for bits in (1, 3, 5)
    ),
    *(
        part
        for bits in (3, 4)
        for part in (
            Claim(
                f"The detector with {bits} bits notices more than half of the attacks on digits",
                7,
                partial(alarm_rate, measured=digits, bits=bits, grey_levels=8, kind="true"),
                above(50, errors=2),
                says=("with 3 or 4 bits, it notices more than half",),
            ),
            Claim(
                f"Detections with {bits} bits on digits are many times the false alarms",
                7,
                partial(detections_above_five_times_false_alarms, bits=bits),
                above(0),
            ),
        )
    ),
    Claim(
        "The distilled network seems robust to cross-entropy",
        8,
        partial(
            gain,
            measured=distilled_faces,
            kinds=("distilled", "plain"),
            grey_levels=8,
            attack="FGSM",
        ),
        above(20),
    ),
    Claim(
        "The distilled network seems robust to cross-entropy, for every seed",
        8,
        partial(
            gain,
            measured=distilled_faces,
            kinds=("distilled", "plain"),
            grey_levels=8,
            attack="FGSM",
        ),
        each(above(0)),
    ),
    *(
        Claim(
            f"The distilled network keeps half of the pictures under FGSM of {level} grey levels",
            8,
            partial(
                accuracy,
                measured=distilled_faces,
                kind="distilled",
                attack="FGSM",
                grey_levels=level,
            ),
            stated(50),
            says=("the curve stops falling at about {50} %",),
        )
        for level in (8, 16)
    ),
    Claim(
        "About half of the distilled network's gradients are zero",
        8,
        partial(unmoved, measured=distilled_faces, kind="distilled"),
        stated(50),
        says=("exactly 0 or 1 for about half of the pictures",),
    ),
    *(
        Claim(
            f"{attack} leaves the distilled network next to nothing at 16 grey levels",
            8,
            partial(
                accuracy,
                measured=distilled_faces,
                kind="distilled",
                attack=attack,
                grey_levels=16,
            ),
            below(2),
        )
        for attack in ("FGSM margin", "PGD margin")
    ),
    Claim(
        "Distillation does not defend",
        8,
        partial(gain, measured=distilled_faces, kinds=("distilled", "plain"), grey_levels=4),
        below(5),
    ),
    Claim(
        "L2 does not defend",
        9,
        partial(gain, measured=faces, kinds=("L2", "short"), grey_levels=4),
        below(2),
    ),
    Claim(
        "L1 defends",
        9,
        partial(gain, measured=faces, kinds=("L1", "short"), grey_levels=4),
        above(0, errors=1),
    ),
    Claim(
        "L1 defends by about nine points",
        9,
        partial(gain, measured=faces, kinds=("L1", "short"), grey_levels=4),
        about(9, errors=3),
        says=("L1 does help, by about {nine} points at 4 grey levels",),
    ),
    Claim(
        "L1 defends less than adversarial training",
        9,
        partial(gain, measured=attacked_faces, kinds=("at 4", "L1"), grey_levels=4),
        above(0, errors=1),
    ),
    Claim(
        "L1 costs clean accuracy",
        9,
        partial(gain, measured=faces, kinds=("short", "L1"), grey_levels=0),
        above(0, errors=1),
    ),
    Claim(
        "L1 costs about 2.6 points of clean accuracy on average",
        9,
        partial(gain, measured=faces, kinds=("short", "L1"), grey_levels=0),
        about(2.6, errors=3),
        says=("over {ten} other seeds {2.6} points on average",),
    ),
    Claim(
        "L1 costs little clean accuracy in most runs",
        9,
        partial(median_gain, measured=faces, kinds=("short", "L1"), grey_levels=0),
        below(3),
        says=("in most runs next to nothing",),
    ),
    Claim(
        "FGSM does far more harm than noise of the same size on clothes",
        10,
        partial(harm, measured=clothes, attacks=("noise", "FGSM"), grey_levels=(8, 8)),
        above(20),
    ),
    Claim(
        "FGSM does more harm than noise of the same size on clothes, for every seed",
        10,
        partial(harm, measured=clothes, attacks=("noise", "FGSM"), grey_levels=(8, 8)),
        each(above(0)),
    ),
    Claim(
        "Adversarial training defends on clothes",
        10,
        partial(gain, measured=clothes, kinds=("at 8", "plain"), grey_levels=8),
        above(0, errors=3),
    ),
    Claim(
        "Adversarial training costs clean accuracy on clothes",
        10,
        partial(gain, measured=clothes, kinds=("plain", "at 8"), grey_levels=0),
        above(0, errors=1),
    ),
)

SETTINGS = (
    "eight times",
    "could go 2.5 times as far",
    "so that 5 % of them raise an alarm",
    "needs logits 30 times as large",
    "keeps 60 % accuracy",
)
