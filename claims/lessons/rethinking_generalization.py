"""What the lesson on rethinking generalization says of its figures."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

from torch import nn

from claims.bounds import about, above, below, between, each, exactly, not_above
from claims.claim import Claim
from claims.fashion import load_fashion
from claims.measuring import Group, differences, percent, points, train_group
from claims.study import Study
from helpers.data import BatchLoader, load_animal_faces, split
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import Recipe, Run, accuracies_on, train_seeds
from helpers.models import MLP
from helpers.training import accuracy

PATIENCE = 40
Groups = dict[float, Group]  # by fraction of random labels
Measured = Callable[[Study], Groups]


def with_labels(study: Study, fraction: float, recipe: Recipe, classes: int = 3) -> Recipe:
    """Return `recipe` for labels of which a fraction is drawn by lot."""
    return replace(recipe, prepare=study.method("with_random_labels")(fraction, classes))


def face_recipe(study: Study) -> Recipe:
    """Return the lesson's own recipe."""
    recipe: Recipe = study.method("recipe")
    return recipe


# --- section 2: labels drawn by lot ---


def faces(study: Study) -> Groups:
    """Train the four groups of section 2."""
    data, recipe = load_animal_faces("faces"), face_recipe(study)
    return {
        fraction: train_group(
            data.train, data.test, with_labels(study, fraction, recipe), study.seeds
        )
        for fraction in (0, 0.1, 0.5, 1)
    }


def clothes(study: Study) -> Groups:
    """Train three such groups on photographs."""
    data, recipe = load_fashion(), face_recipe(study)
    return {
        fraction: train_group(
            data.train, data.test, with_labels(study, fraction, recipe), study.seeds
        )
        for fraction in (0, 0.5, 1)
    }


def digits(study: Study) -> Groups:
    """Train three such groups on digits."""
    images = load_digit_images()
    make_model = partial(MLP, (64, 128, 32, 10))
    # Nothing changes after 330 epochs.
    recipe = replace(digit_recipe(study), epochs=330, make_model=make_model)
    return {
        fraction: train_group(
            images, images[:10], with_labels(study, fraction, recipe, 10), study.seeds
        )
        for fraction in (0, 0.5, 1)
    }


def digit_recipe(study: Study) -> Recipe:
    """Return the lesson's recipe for digits."""
    recipe: Recipe = study.method("digit_recipe")
    return recipe


def training(study: Study, measured: Measured, fraction: float) -> list[float]:
    """Return training accuracies after the last epoch, in percent."""
    return percent(study.measured(measured)[fraction].final("train_accuracy"))


def epochs_to_memorise(study: Study, measured: Measured, fraction: float) -> list[int]:
    """Return the epoch, from 1, in which each run first knows all of its labels."""
    runs = study.measured(measured)[fraction].runs
    return [run.history.train_accuracy.index(1.0) + 1 for run in runs]


def delay(study: Study, measured: Measured, fraction: float, other: float) -> list[float]:
    """Return how many epochs longer one fraction takes than another."""
    return differences(
        epochs_to_memorise(study, measured, fraction), epochs_to_memorise(study, measured, other)
    )


def times_as_long(study: Study) -> float:
    """Return how many times as long random labels of digits take on average as true ones."""
    return fmean(epochs_to_memorise(study, digits, 1)) / fmean(epochs_to_memorise(study, digits, 0))


def validation(study: Study, fraction: float, first: int, stop: int | None) -> list[float]:
    """Return the mean validation accuracy of some epochs, in percent."""
    runs = study.measured(faces)[fraction].runs
    return percent(fmean(run.history.val_accuracy[first:stop]) for run in runs)


def descent(study: Study, fraction: float, first: int, stop: int) -> list[float]:
    """Return by how many points validation falls from some epochs to the last 20."""
    middle, end = validation(study, fraction, first, stop), validation(study, fraction, -20, None)
    return differences(middle, end)


def mean_curve(study: Study, fraction: float) -> list[float]:
    """Return the validation accuracy of each epoch, in percent, the mean over the seeds."""
    curves = [run.history.val_accuracy for run in study.measured(faces)[fraction].runs]
    return [100 * fmean(column) for column in zip(*curves, strict=True)]


def peak(study: Study, fraction: float) -> float:
    """Return the highest point of the mean curve."""
    return max(mean_curve(study, fraction))


def fall_from_the_peak(study: Study, fraction: float) -> float:
    """Return by how many points the mean curve ends below its highest point."""
    curve = mean_curve(study, fraction)
    return max(curve) - curve[-1]


def tested(study: Study, measured: Measured, fraction: float) -> list[float]:
    """Return test accuracies, in percent."""
    return percent(study.measured(measured)[fraction].test)


def drop(study: Study, measured: Measured, less: float, more: float) -> list[float]:
    """Return by how many points more random labels are worse on test images."""
    return differences(tested(study, measured, less), tested(study, measured, more))


def digit_accuracy(study: Study, fraction: float) -> list[float]:
    """Return validation accuracies after the last epoch, in percent."""
    return percent(study.measured(digits)[fraction].final("val_accuracy"))


def digit_drop(study: Study, less: float, more: float) -> list[float]:
    """Return by how many points more random labels are worse on validation digits."""
    return differences(digit_accuracy(study, less), digit_accuracy(study, more))


# --- section 3: regularizers ---


@dataclass(frozen=True)
class Regularized:
    """Late training accuracies and test accuracies, in percent."""

    late: list[float]
    test: list[float]


def regularized(study: Study, change: str, fraction: float) -> Regularized:
    """Train with a regularizer on labels of which a fraction is drawn by lot."""
    dropout_net = study.method("dropout_net")
    changes: dict[str, dict[str, Any]] = {
        "L2": {"penalty": study.method("l2_penalty")},
        "dropout": {"make_model": dropout_net(0.5, 0.3)},
        "strong dropout": {"make_model": dropout_net(0.9, 0.7)},
    }
    recipe = with_labels(study, fraction, face_recipe(study))
    data, recipe = load_animal_faces("faces"), replace(recipe, val_images=1, **changes[change])
    runs = train_seeds(data.train, recipe, study.seeds)
    late = [fmean(run.history.train_accuracy[-20:]) for run in runs]
    return Regularized(percent(late), percent(accuracies_on(runs, data.test)))


def late_training(study: Study, change: str, fraction: float) -> list[float]:
    """Return the training accuracy of the last 20 epochs with a regularizer, in percent."""
    return study.measured(regularized, change, fraction).late


def cost_of_strong_dropout(study: Study) -> list[float]:
    """Return by how many points strong dropout is worse on test pictures."""
    return differences(
        tested(study, faces, 0), study.measured(regularized, "strong dropout", 0).test
    )


# --- section 4: early stopping ---


@dataclass(frozen=True)
class Stopped:
    """Runs to the end, and the same stopped early, with test accuracies in [0, 1]."""

    whole: Group
    early: Group


def stopped_faces(study: Study, fraction: float) -> Stopped:
    """Stop early on faces."""
    data = load_animal_faces("faces")
    return stop(study, data.train, data.test, fraction)


def stopped_clothes(study: Study, fraction: float) -> Stopped:
    """Stop early on clothes."""
    data = load_fashion()
    return stop(study, data.train, data.test, fraction)


def stop(study: Study, train: ImageSet, test: ImageSet, fraction: float) -> Stopped:
    """Train on 250 pictures, and again to the epoch that the rule returns."""
    recipe = replace(face_recipe(study), train_images=250, batch_size=250)
    recipe = with_labels(study, fraction, recipe)
    rule: Callable[[list[float], int], int] = study.method("early_stopping_epoch")
    whole = train_group(train, test, recipe, study.seeds)
    early = []
    for run in whole.runs:
        epochs = rule(run.history.val_loss, PATIENCE) + 1
        early += train_seeds(train, replace(recipe, epochs=epochs), [run.seed])
    return Stopped(whole, Group(early, accuracies_on(early, test)))


Stopping = Callable[[Study, float], Stopped]


def gain_of_stopping(study: Study, stopping: Stopping, fraction: float) -> list[float]:
    """Return by how many points early stopping is better on test pictures."""
    found = study.measured(stopping, fraction)
    return points(found.early.test, found.whole.test)


def difference_of_losses(study: Study, stopping: Stopping, fraction: float) -> list[float]:
    """Return by which part the losses of the two runs of a seed differ where one stops early."""
    found = study.measured(stopping, fraction)
    pairs = zip(found.whole.runs, found.early.runs, strict=True)
    return [
        abs(early.history.val_loss[-1] / whole.history.val_loss[len(early.history) - 1] - 1)
        for whole, early in pairs
    ]


def training_to_the_end(study: Study, fraction: float) -> list[float]:
    """Return the training accuracy of runs that are not stopped, in percent."""
    return percent(study.measured(stopped_faces, fraction).whole.final("train_accuracy"))


def rise_of_loss(study: Study, fraction: float) -> list[float]:
    """Return how many times its minimum the validation loss is in the end."""
    histories = [run.history for run in study.measured(stopped_faces, fraction).whole.runs]
    return [history.val_loss[-1] / min(history.val_loss) for history in histories]


# --- section 5: pruning ---


def pruned(study: Study, model: nn.Module, share: float) -> nn.Module:
    """Return a copy of `model` without a share of its weights."""
    model = copy.deepcopy(model)
    study.method("magnitude_prune")(model, share)
    return model


def percent_right(model: nn.Module, images: ImageSet) -> float:
    """Return the accuracy on all images, in percent."""
    return 100 * accuracy(model, BatchLoader(images, batch_size=len(images)))


def known_pictures(study: Study, run: Run, images: ImageSet, fraction: float) -> ImageSet:
    """Return what `run` was trained on, with the labels that it was trained on."""
    known: ImageSet = study.method("with_random_labels")(fraction)(
        split(images, (100, 100), seed=run.seed)[0], run.seed
    )
    return known


def kept(study: Study, measured: Measured, fraction: float, share: float) -> list[float]:
    """Return the training accuracy after pruning a share of the weights, in percent."""
    images = load_animal_faces("faces").train if measured is faces else load_fashion().train
    return [
        percent_right(pruned(study, run.model, share), known_pictures(study, run, images, fraction))
        for run in study.measured(measured)[fraction].runs
    ]


def change_on_new_pictures(study: Study) -> list[float]:
    """Return by how many points pruning nine tenths changes the test accuracy."""
    test = load_animal_faces("faces").test
    runs = study.measured(faces)[0].runs
    without = [percent_right(pruned(study, run.model, 0.9), test) for run in runs]
    return differences(without, tested(study, faces, 0))


def lead_of_true_labels(study: Study, measured: Measured, share: float) -> list[float]:
    """Return by how many points more of its labels a network with true ones still knows."""
    return differences(kept(study, measured, 0, share), kept(study, measured, 1, share))


def loss_by_pruning_clothes(study: Study) -> list[float]:
    """Return how many points of training accuracy nine tenths cost, in both groups."""
    return [100 - value for fraction in (0, 1) for value in kept(study, clothes, fraction, 0.9)]


# --- section 6: the number of parameters ---


def by_width(study: Study) -> dict[int, list[Run]]:
    """Train networks of several widths on digits with a fifth of the labels drawn by lot."""
    images, recipe = load_digit_images(), with_labels(study, 0.2, digit_recipe(study), 10)
    return {
        width: train_seeds(
            images, replace(recipe, make_model=partial(MLP, (64, width, 10))), study.seeds
        )
        for width in (1, 2, 8, 16, 256)
    }


def final_by_width(study: Study, width: int, quantity: str) -> list[float]:
    """Return what was measured after the last epoch."""
    return [getattr(run.history, quantity)[-1] for run in study.measured(by_width)[width]]


def percent_by_width(study: Study, width: int, quantity: str) -> list[float]:
    """Return an accuracy after the last epoch, in percent."""
    return percent(final_by_width(study, width, quantity))


def rise_with_width(study: Study, small: int, large: int) -> list[float]:
    """Return by how many points the wider network is better."""
    wide, narrow = (percent_by_width(study, width, "val_accuracy") for width in (large, small))
    return differences(wide, narrow)


def bump(study: Study, lower: int) -> list[float]:
    """Return by how much the loss of 8 and 16 units is above that of another width."""
    losses = {width: final_by_width(study, width, "val_loss") for width in (8, 16, lower)}
    top = [fmean(pair) for pair in zip(losses[8], losses[16], strict=True)]
    return differences(top, losses[lower])


def difference_by_width_on_faces(study: Study) -> float:
    """Return by how many points networks of 8 and of 256 units differ on test pictures."""
    data, scores = load_animal_faces("faces"), []
    for width in (8, 256):
        recipe = replace(face_recipe(study), make_model=partial(MLP, (3072, width, 3)))
        group = train_group(data.train, data.test, recipe, study.seeds)
        scores.append(100 * fmean(group.test))
    return max(scores) - min(scores)


SHOWN = range(10)  # the seeds of the notebook
NAMED: dict[str, tuple[int, Measured, tuple[float, ...]]] = {
    "faces": (2, faces, (0, 0.1, 0.5, 1)),
    "clothes": (8, clothes, (0, 0.5, 1)),
    "digits": (8, digits, (0, 0.5, 1)),
}

CLAIMS = (
    *(
        Claim(
            f"Every run knows all of its labels: {name}, {fraction:.0%} random",
            section,
            partial(training, measured=measured, fraction=fraction),
            exactly(100),
            says=("On the left, all four curves reach {100} %",) if name == "faces" else (),
        )
        for name, (section, measured, fractions) in NAMED.items()
        for fraction in fractions
    ),
    *(
        Claim(
            f"Faces with {fraction:.0%} random labels take about 75 to 85 epochs",
            2,
            partial(epochs_to_memorise, measured=faces, fraction=fraction),
            between(73, 88),
            says=("about 75 to 85 epochs in all four groups",),
        )
        for fraction in (0, 0.1, 0.5, 1)
    ),
    Claim(
        "Random labels of faces take hardly longer than true ones",
        2,
        partial(delay, measured=faces, fraction=1, other=0),
        below(15),
    ),
    Claim(
        "In the lesson's own run the curve for random labels climbs to 39 %",
        2,
        partial(peak, fraction=1),
        about(39, slack=1),
        says=("In our run the curve for 100 % random climbs to {39} %",),
        seeds=SHOWN,
    ),
    Claim(
        "In the lesson's own run the curve for true labels ends 4 points below its peak",
        2,
        partial(fall_from_the_peak, fraction=0),
        about(4, slack=1),
        says=("the one for true labels ends {4} points below its peak",),
        seeds=SHOWN,
    ),
    Claim(
        "Validation with random labels is at 37 % around epoch 50",
        2,
        partial(validation, fraction=1, first=40, stop=60),
        about(37, errors=3),
        says=("So we trained {ten} other seeds: the first curve was at {37} % around epoch 50",),
    ),
    Claim(
        "Validation with random labels is at 34 % in the end",
        2,
        partial(validation, fraction=1, first=-20, stop=None),
        about(34, errors=3),
        says=("at {34} % in the end (± {2})",),
    ),
    Claim(
        "The hill in the middle of the curve for random labels is luck",
        2,
        partial(descent, fraction=1, first=40, stop=60),
        about(0, errors=3),
    ),
    Claim(
        "The hill of the curve for true labels is luck",
        2,
        partial(descent, fraction=0, first=75, stop=95),
        not_above(0, errors=2),
    ),
    Claim(
        "Half random labels of digits take longer than true ones",
        8,
        partial(delay, measured=digits, fraction=0.5, other=0),
        above(0),
    ),
    Claim(
        "All random labels of digits take longer than half random ones",
        8,
        partial(delay, measured=digits, fraction=1, other=0.5),
        above(0),
    ),
    Claim(
        "Random labels of digits take nearly twice as long as true ones",
        8,
        times_as_long,
        between(1.7, 2),
        says=("though random ones take nearly {twice} as long as true ones",),
    ),
    *(
        Claim(
            f"Test accuracy is lower with {more:.0%} random labels than with {less:.0%}",
            7,
            partial(drop, measured=faces, less=less, more=more),
            above(0, errors=1),
        )
        for less, more in ((0, 0.1), (0.1, 0.5), (0.5, 1))
    ),
    *(
        Claim(
            f"Test accuracy with {fraction:.0%} random labels is about {value} %",
            7,
            partial(tested, measured=faces, fraction=fraction),
            about(value, errors=3),
            says=phrases,
        )
        for fraction, value, phrases in (
            (
                0,
                66,
                (
                    "Over {ten} other seeds we measured {66}, 63, 51 and 33 %",
                    "goes with {66} % in one group",
                ),
            ),
            (0.1, 63, ("we measured 66, {63}, 51 and 33 %",)),
            (0.5, 51, ("we measured 66, 63, {51} and 33 %",)),
            (1, 33, ("we measured 66, 63, 51 and {33} %", "and {33} % in the other")),
        )
    ),
    *(
        Claim(
            f"On clothes accuracy is lower with {more:.0%} random labels than with {less:.0%}",
            8,
            partial(drop, measured=clothes, less=less, more=more),
            above(0, errors=1),
        )
        for less, more in ((0, 0.5), (0.5, 1))
    ),
    *(
        Claim(
            f"On clothes accuracy with {fraction:.0%} random labels is about {value} %",
            8,
            partial(tested, measured=clothes, fraction=fraction),
            about(value, errors=3),
            says=(phrase,),
        )
        for fraction, value, phrase in (
            (0, 63, "test accuracy was {63} % with true labels"),
            (0.5, 45, "{45} % with half of them random"),
            (1, 33, "and {33} % with all"),
        )
    ),
    *(
        Claim(
            f"On digits accuracy is lower with {more:.0%} random labels than with {less:.0%}",
            8,
            partial(digit_drop, less=less, more=more),
            above(0, errors=1),
        )
        for less, more in ((0, 0.5), (0.5, 1))
    ),
    Claim(
        "On digits accuracy with random labels is chance",
        8,
        partial(digit_accuracy, fraction=1),
        about(10, errors=3),
        says=("down to chance, which is {10} % for ten classes",),
    ),
    *(
        Claim(
            f"Random labels are learnt by heart with {change}",
            3,
            partial(late_training, change=change, fraction=1),
            above(99),
        )
        for change in ("L2", "dropout")
    ),
    Claim(
        "Strong dropout forbids learning random labels by heart",
        3,
        partial(late_training, change="strong dropout", fraction=1),
        below(75),
    ),
    Claim(
        "Strong dropout keeps the network from learning true labels too",
        3,
        partial(late_training, change="strong dropout", fraction=0),
        below(90),
    ),
    Claim("Strong dropout costs test accuracy", 3, cost_of_strong_dropout, above(0, errors=1)),
    Claim(
        "Strong dropout costs about five points of test accuracy",
        3,
        cost_of_strong_dropout,
        about(5, errors=3),
        says=(
            "its test accuracy is about {5} points lower than without dropout",
            "(we measured that over {ten} other seeds)",
        ),
    ),
    *(
        Claim(
            f"Training again gives the network of the epoch of the rule: {name}, {fraction:.0%}",
            7,
            partial(difference_of_losses, stopping=stopping, fraction=fraction),
            each(below(0.01)),
        )
        for name, stopping in (("faces", stopped_faces), ("clothes", stopped_clothes))
        for fraction in (0, 0.5)
    ),
    Claim(
        "Stopping early gains where half of the labels are random",
        7,
        partial(gain_of_stopping, stopping=stopped_faces, fraction=0.5),
        above(0, errors=3),
    ),
    Claim(
        "Stopping early gains about four points where half of the labels are random",
        7,
        partial(gain_of_stopping, stopping=stopped_faces, fraction=0.5),
        about(4, errors=3),
        says=("Early stopping gains about {4} points", "+{4} points with half of the labels"),
    ),
    Claim(
        "Without stopping all labels are learnt",
        4,
        partial(training_to_the_end, fraction=0.5),
        exactly(100),
    ),
    Claim(
        "Stopping early costs where all labels are true",
        7,
        partial(gain_of_stopping, stopping=stopped_faces, fraction=0),
        below(0, errors=3),
    ),
    Claim(
        "Stopping early costs about five points where all labels are true",
        7,
        partial(gain_of_stopping, stopping=stopped_faces, fraction=0),
        about(-5, errors=3),
        says=("costs about {5} where all are true",),
    ),
    Claim(
        "With true labels the loss ends far above its minimum",
        4,
        partial(rise_of_loss, fraction=0),
        each(above(1.5)),
    ),
    Claim(
        "Stopping early gains on clothes with half of the labels random",
        7,
        partial(gain_of_stopping, stopping=stopped_clothes, fraction=0.5),
        above(0, errors=3),
    ),
    Claim(
        "Stopping early gains about ten points on clothes with half of the labels random",
        7,
        partial(gain_of_stopping, stopping=stopped_clothes, fraction=0.5),
        about(10, errors=3),
        says=("we measured a gain of {10} points with half of the labels random",),
    ),
    Claim(
        "Stopping early makes no difference on clothes with true labels",
        7,
        partial(gain_of_stopping, stopping=stopped_clothes, fraction=0),
        about(0, errors=3),
    ),
    *(
        part
        for fraction in (0, 1)
        for part in (
            Claim(
                f"Four fifths of the weights are hardly missed, {fraction:.0%} random",
                5,
                partial(kept, measured=faces, fraction=fraction, share=0.8),
                above(99.5),
            ),
            Claim(
                f"Nine tenths of the weights are hardly missed, {fraction:.0%} random",
                5,
                partial(kept, measured=faces, fraction=fraction, share=0.9),
                above(97),
            ),
            Claim(
                f"Without 99 % of the weights accuracy falls, {fraction:.0%} random",
                5,
                partial(kept, measured=faces, fraction=fraction, share=0.99),
                below(88),
            ),
            Claim(
                f"Without 99.5 % of the weights accuracy falls steeply, {fraction:.0%} random",
                5,
                partial(kept, measured=faces, fraction=fraction, share=0.995),
                below(75),
            ),
        )
    ),
    Claim(
        "Nine tenths of the weights are not missed on new pictures",
        5,
        change_on_new_pictures,
        about(0, slack=1.5),
    ),
    *(
        Claim(
            f"Random labels are lost sooner, without {share:.1%} of the weights",
            5,
            partial(lead_of_true_labels, measured=faces, share=share),
            above(0, errors=1),
        )
        for share in (0.99, 0.995)
    ),
    Claim(
        "On clothes nine tenths pruned cost about ten points of training accuracy",
        5,
        loss_by_pruning_clothes,
        about(10, errors=3),
        says=("nine tenths pruned already cost about {ten} points of training accuracy",),
    ),
    Claim(
        "On clothes there is no lead of true labels at 99 %",
        5,
        partial(lead_of_true_labels, measured=clothes, share=0.99),
        about(0, errors=3),
    ),
    *(
        Claim(
            f"On digits {large} units are better than {small}",
            6,
            partial(rise_with_width, small=small, large=large),
            above(0, errors=1),
        )
        for small, large in ((1, 2), (2, 8), (8, 256), (16, 256))
    ),
    *(
        Claim(
            f"On digits {width} units reach about {value} %",
            6,
            partial(percent_by_width, width=width, quantity="val_accuracy"),
            about(value, errors=3),
            says=(phrase,) if phrase else (),
        )
        for width, value, phrase in (
            (1, 19, ""),
            (2, 31, ""),
            (8, 62, "and then slowly, from about 60 to 70 %"),
            (256, 69, "the largest was right on about 70 %"),
        )
    ),
    Claim(
        "Two units do not know the random labels",
        6,
        partial(percent_by_width, width=2, quantity="train_accuracy"),
        below(60),
    ),
    *(
        Claim(
            f"{width} units know every label by heart",
            6,
            partial(percent_by_width, width=width, quantity="train_accuracy"),
            above(99.5),
        )
        for width in (16, 256)
    ),
    *(
        Claim(
            f"The loss is higher for 8 to 16 units than for {lower}",
            6,
            partial(bump, lower=lower),
            above(0, errors=1),
        )
        for lower in (2, 256)
    ),
    Claim(
        "Width makes less than two points of difference on faces",
        6,
        difference_by_width_on_faces,
        below(2),
        says=("differ by less than {two} points of test accuracy",),
    ),
)

SETTINGS = (
    "a training accuracy of 100 %",
    "0, 10, 50 or 100 %",
    "the curve for 100 % random",
    "a standard error of about 2 points",
    "The runs with 0 % and with 100 % random labels",
    "It has 4,000 times as many parameters",
    "which of the many solutions with 100 %",
    "one standard error is about 5 points",
    "Beyond 90 % the curves begin to fall",
    "with 99 % of the weights gone",
    "and at 99 % we found no difference",
    "with 20 % random labels",
)
