"""What the lesson on data augmentation says of its figures."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import fmean

import torch
from torch import Generator, Tensor

from claims.bounds import about, above, below, between, exactly, not_above
from claims.claim import Claim
from claims.fashion import load_fashion
from claims.measuring import Group, differences, percent, points, train_group
from claims.study import Study
from helpers.data import load_animal_faces, split
from helpers.data.loader import Augmentation
from helpers.digits import load_digit_images
from helpers.experiments import Recipe, accuracies_on
from helpers.mixing import train_mixed_seeds
from helpers.models import MLP

Groups = dict[str, Group]
Measured = Callable[[Study], Groups]


def augmentations(study: Study) -> dict[str, Augmentation | None]:
    """Return the changes of pictures that the lesson puts together from the answers."""
    flip: Callable[[Tensor, float, Generator], Tensor] = study.method("random_hflip")
    shift: Callable[[Tensor, int, Generator], Tensor] = study.method("random_shift")

    def upside_down(images: Tensor, generator: Generator) -> Tensor:
        return flip(images.transpose(2, 3), 0.5, generator).transpose(2, 3)

    def mirror(images: Tensor, generator: Generator) -> Tensor:
        return flip(images, 0.5, generator)

    return {
        "none": None,
        "mirror": mirror,
        "upside down": upside_down,
        "mirror + shift": lambda images, generator: shift(mirror(images, generator), 2, generator),
        "shift by 1": lambda images, generator: shift(images, 1, generator),
    }


# --- faces: sections 2 to 6 ---


def faces(study: Study) -> Groups:
    """Train with each change of the pictures, and with mixup."""
    data, recipe, changes = load_animal_faces("faces"), face_recipe(study), augmentations(study)
    names = ("none", "mirror", "upside down", "mirror + shift")
    groups = {
        name: train_group(
            data.train, data.test, replace(recipe, augment=changes[name]), study.seeds
        )
        for name in names
    }
    mixup = study.method("mixup")

    def mix(images: Tensor, labels: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        mixed: tuple[Tensor, Tensor] = mixup(images, labels, 0.4, generator)
        return mixed

    runs = train_mixed_seeds(data.train, recipe, study.seeds, mix)
    return groups | {"mixup": Group(runs, accuracies_on(runs, data.test))}


def face_recipe(study: Study) -> Recipe:
    """Return the lesson's own recipe."""
    recipe: Recipe = study.method("recipe")
    return recipe


def narrow_faces(study: Study) -> Groups:
    """Train networks whose first layer has fewer units, and those of the lesson."""
    data, recipe = load_animal_faces("faces"), face_recipe(study)
    narrow = {
        str(width): train_group(
            data.train,
            data.test,
            replace(recipe, make_model=partial(MLP, (3 * 32 * 32, width, 32, 3))),
            study.seeds,
        )
        for width in (2, 8)
    }
    return narrow | study.measured(faces)


def gain(
    study: Study, measured: Measured, better: str, worse: str, on: str = "test"
) -> list[float]:
    """Return by how many points one group is better than another, seed by seed."""
    groups = study.measured(measured)
    return points(groups[better].accuracies(on), groups[worse].accuracies(on))


def validation(study: Study, group: str) -> list[float]:
    """Return late validation accuracies, in percent."""
    return percent(study.measured(faces)[group].validation)


def training(study: Study, measured: Measured, group: str, epoch: int = -1) -> list[float]:
    """Return the training accuracy after an epoch, counted from 0, in percent."""
    runs = study.measured(measured)[group].runs
    return percent(run.history.train_accuracy[epoch] for run in runs)


def early_lead_of_plain_training(study: Study, group: str) -> list[float]:
    """Return by how many points plain training is ahead after 15 epochs."""
    plain, augmented = (training(study, faces, name, 14) for name in ("none", group))
    return differences(plain, augmented)


def early_gain(study: Study, group: str) -> list[float]:
    """Return by how many points validation is better in the first 20 epochs, on average."""
    early = {
        name: [fmean(run.history.val_accuracy[:20]) for run in study.measured(faces)[name].runs]
        for name in (group, "none")
    }
    return points(early[group], early["none"])


def fall_of_cross_entropy(study: Study) -> list[float]:
    """Return by how much mixup lowers the cross-entropy on validation pictures."""
    groups = study.measured(faces)
    return differences(groups["none"].final("val_loss"), groups["mixup"].final("val_loss"))


def relative_fall_of_cross_entropy(study: Study) -> float:
    """Return which part of the cross-entropy mixup takes away, on average."""
    before = study.measured(faces)["none"].final("val_loss")
    return fmean(fall_of_cross_entropy(study)) / fmean(before)


def plain_training_with_shifts(study: Study) -> list[float]:
    """Return the accuracy on plain training pictures of runs with shifts, in percent."""
    train = load_animal_faces("faces").train
    runs = study.measured(faces)["mirror + shift"].runs
    known = [split(train, [250], seed=run.seed)[0] for run in runs]
    return [
        100 * accuracies_on([run], pictures)[0] for run, pictures in zip(runs, known, strict=True)
    ]


def rise_on_plain_training_pictures(study: Study) -> list[float]:
    """Return by how many points that is above what the training curve says."""
    return differences(plain_training_with_shifts(study), training(study, faces, "mirror + shift"))


def growth(study: Study, group: str) -> list[float]:
    """Return by how much larger networks of a group end than plain ones."""
    groups = study.measured(faces)
    return differences(groups[group].final("norm"), groups["none"].final("norm"))


def lead_of_the_largest_norm(study: Study) -> float:
    """Return by how much networks with mirror images and shifts are the largest of all."""
    norms = {name: fmean(group.final("norm")) for name, group in study.measured(faces).items()}
    largest = norms.pop("mirror + shift")
    return largest - max(norms.values())


# --- digits: section 7 ---


def digits(study: Study) -> Groups:
    """Train on digits with each change."""
    images, changes = load_digit_images(), augmentations(study)
    order = torch.randperm(len(images), generator=Generator().manual_seed(0))
    train, test = images[order[:1000]], images[order[1000:]]
    recipe = study.method("digit_recipe")
    return {
        name: train_group(train, test, replace(recipe, augment=changes[name]), study.seeds)
        for name in ("none", "mirror", "upside down", "shift by 1")
    }


# --- photographs ---


def clothes(study: Study) -> Groups:
    """Make the comparison of section 2 on 100 pictures of Fashion-MNIST."""
    data, changes = load_fashion(), augmentations(study)
    recipe = replace(face_recipe(study), train_images=100, lr=0.01)
    return {
        name: train_group(
            data.train, data.test, replace(recipe, augment=changes[name]), study.seeds
        )
        for name in ("none", "mirror", "upside down")
    }


CLAIMS = (
    Claim(
        "Every plain network learns its pictures by heart",
        1,
        partial(training, measured=faces, group="none"),
        exactly(100),
    ),
    Claim(
        "Plain networks know nearly all their pictures after 30 epochs",
        1,
        partial(training, measured=faces, group="none", epoch=29),
        above(99.5),
        says=("is learnt by heart after 20 to 30 epochs",),
    ),
    Claim(
        "A fifth to a quarter of the validation pictures stays wrong",
        1,
        partial(validation, group="none"),
        between(72, 82),
        says=("a fifth to a quarter of the validation pictures stay wrong",),
    ),
    *(
        Claim(
            f"Pictures with {name} help on {on} pictures",
            section,
            partial(gain, measured=faces, better=name, worse="none", on=on),
            above(0, errors=1),
        )
        for name, section in (("mirror", 2), ("mirror + shift", 3))
        for on in ("validation", "test")
    ),
    Claim(
        "What shifts add to mirror images is too little to tell from chance",
        6,
        partial(gain, measured=faces, better="mirror + shift", worse="mirror"),
        about(0, errors=2),
    ),
    Claim(
        "Shifts add about 0.5 points to mirror images",
        6,
        partial(gain, measured=faces, better="mirror + shift", worse="mirror"),
        about(0.5, errors=3),
        says=("over the same ten, it was {0.5} ± {0.7} points",),
    ),
    Claim(
        "Upside-down faces do harm",
        6,
        partial(gain, measured=faces, better="upside down", worse="none"),
        below(0, errors=3),
    ),
    Claim(
        "Mirror images gain about four points",
        6,
        partial(gain, measured=faces, better="mirror", worse="none"),
        about(4, errors=3),
        says=(
            "Over {ten} other seeds we measured on the test pictures",
            "mirror images gain {4} points",
            "each of these is uncertain by about {half a} point",
        ),
    ),
    Claim(
        "Mirror images with shifts gain about 4.5 points",
        6,
        partial(gain, measured=faces, better="mirror + shift", worse="none"),
        about(4.5, errors=3),
        says=("mirror images with shifts {4.5}",),
    ),
    Claim(
        "Upside-down faces lose about four points",
        6,
        partial(gain, measured=faces, better="none", worse="upside down"),
        about(4, errors=3),
        says=("upside-down faces *lose* {4}",),
    ),
    Claim(
        "mixup neither helps nor harms on test pictures",
        6,
        partial(gain, measured=faces, better="mixup", worse="none"),
        about(0, errors=3),
    ),
    Claim(
        "mixup does not make validation more accurate",
        4,
        partial(gain, measured=faces, better="mixup", worse="none", on="validation"),
        below(1),
    ),
    Claim(
        "mixup lowers the cross-entropy on validation pictures",
        4,
        fall_of_cross_entropy,
        above(0, errors=3),
    ),
    Claim(
        "mixup lowers the cross-entropy by about a quarter",
        4,
        relative_fall_of_cross_entropy,
        between(0.2, 0.4),
        says=("it falls by about a quarter",),
    ),
    *(
        Claim(
            f"Plain networks learn faster by heart than those with {name}",
            section,
            partial(early_lead_of_plain_training, group=name),
            above(0, errors=1),
        )
        for name, section in (("mirror", 2), ("mirror + shift", 3))
    ),
    Claim(
        "Shifts do not help yet in the first epochs",
        3,
        partial(early_gain, group="mirror + shift"),
        not_above(0, errors=3),
        says=("In the first 20 or so epochs validation accuracy is not better",),
    ),
    Claim(
        "Training with shifts stays below the accuracy on plain pictures",
        5,
        rise_on_plain_training_pictures,
        above(0, errors=1),
    ),
    Claim(
        "Networks with shifts are nearly perfect on plain training pictures",
        5,
        plain_training_with_shifts,
        between(93, 100),
    ),
    *(
        Claim(
            f"Networks with {name} are larger than plain ones",
            5,
            partial(growth, group=name),
            above(0, errors=1),
        )
        for name in ("mirror", "upside down", "mirror + shift")
    ),
    Claim(
        "Networks with mixup are smaller than plain ones",
        5,
        partial(growth, group="mixup"),
        below(0, errors=1),
    ),
    Claim(
        "Networks with mirror images and shifts are the largest",
        5,
        lead_of_the_largest_norm,
        above(0),
    ),
    Claim(
        "Eight units learn their pictures by heart",
        5,
        partial(training, measured=narrow_faces, group="8"),
        above(99),
    ),
    Claim(
        "Eight units do no better than 64",
        5,
        partial(gain, measured=narrow_faces, better="8", worse="none"),
        not_above(0, errors=3),
    ),
    Claim(
        "Two units are too few",
        5,
        partial(gain, measured=narrow_faces, better="2", worse="none"),
        below(0, errors=3),
    ),
    Claim(
        "Two units cost about ten points of validation accuracy",
        5,
        partial(gain, measured=narrow_faces, better="none", worse="2", on="validation"),
        about(10, errors=3),
        says=("validation accuracy falls by about {ten} points",),
    ),
    *(
        Claim(
            f"Mirror images beat a network of {width} units",
            5,
            partial(gain, measured=narrow_faces, better="mirror", worse=width),
            above(0, errors=3),
        )
        for width in ("2", "8")
    ),
    *(
        Claim(
            f"On digits {name} does harm",
            7,
            partial(gain, measured=digits, better=name, worse="none"),
            below(0, errors=3),
        )
        for name in ("mirror", "upside down", "shift by 1")
    ),
    Claim(
        "Mirrored digits cost about six points",
        7,
        partial(gain, measured=digits, better="none", worse="mirror"),
        about(6, errors=3),
        says=("Here even mirror images do harm, about {6} points",),
    ),
    Claim(
        "Upside-down clothes do harm",
        6,
        partial(gain, measured=clothes, better="upside down", worse="none"),
        below(0, errors=3),
    ),
    Claim(
        "Upside-down clothes cost about nine points",
        6,
        partial(gain, measured=clothes, better="none", worse="upside down"),
        about(9, errors=3),
        says=("Upside-down clothes did harm there too, about {9} points",),
    ),
    Claim(
        "Mirrored clothes give no gain",
        6,
        partial(gain, measured=clothes, better="mirror", worse="none"),
        not_above(0, errors=1),
    ),
    Claim(
        "Mirrored clothes cost about one point",
        6,
        partial(gain, measured=clothes, better="none", worse="mirror"),
        about(1, errors=3),
        says=("Mirror images gave no gain and cost about {one} point",),
    ),
)

SETTINGS = (
    "one run's accuracy is uncertain by about 4 points",
    "the training curve does not reach 100 %",
    "70 % cat and 30 % dog",
    "stayed well below 100 %",
    "It does not even reach 100 %",
    "Below 100 % means only",
)
