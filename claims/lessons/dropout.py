"""What the lesson on dropout says of its figures."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from claims.bounds import about, above, below, each, exactly, not_above, not_below
from claims.claim import Claim
from claims.fashion import load_fashion
from claims.measuring import Group, differences, points, train_group
from claims.study import Study
from helpers.curves import CurveHistory, CurveTask, curve_optimizer, fit_curves, make_curve_data
from helpers.data import load_animal_faces, normalize
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import Recipe, Run, initialise
from helpers.models import MLP, curve_net, wide_animal_net

NONE, DROPOUT, TOY = (0.0, 0.0), (0.5, 0.3), (0.4, 0.2)
FEW = 10  # seeds, where more would take long
Rates = tuple[float, float]


# --- section 3: ten points ---


def curves(study: Study) -> dict[str, list[CurveHistory]]:
    """Fit the toy regression without and with dropout."""
    return {"none": fit_with(NONE, study.seeds[:FEW]), "dropout": fit_with(TOY, study.seeds[:FEW])}


def fit_with(rates: Rates, seeds: Sequence[int]) -> list[CurveHistory]:
    """Fit one network a seed."""
    models = [curve_model(rates, seed) for seed in seeds]
    tasks = [
        CurveTask(model, make_curve_data(seed), curve_optimizer(model), seed)
        for seed, model in zip(seeds, models, strict=True)
    ]
    return fit_curves(tasks, steps=3000, record=[*range(20, 401, 20), 3000])


def curve_model(rates: Rates, seed: int) -> MLP:
    """Return the network of the toy regression."""
    model = initialise(partial(curve_net, dropout=rates), seed)
    assert isinstance(model, MLP)
    return model


def curve_change(study: Study, quantity: str) -> list[float]:
    """Return by how much what was measured last is larger with dropout."""
    without, treated = (
        [getattr(history, quantity)[-1] for history in study.measured(curves)[label]]
        for label in ("none", "dropout")
    )
    return differences(treated, without)


def last_log_losses(study: Study, label: str) -> list[float]:
    """Return the logarithm of each test loss in the end."""
    return [math.log(history.test_loss[-1]) for history in study.measured(curves)[label]]


def early_log_losses(study: Study, label: str) -> list[float]:
    """Return the logarithm of the lowest test loss of the first 400 steps."""
    return [math.log(min(history.test_loss[:-1])) for history in study.measured(curves)[label]]


def log_ratio_of_test_losses(study: Study) -> list[float]:
    """Return the logarithm of the test loss with dropout over that without."""
    return differences(last_log_losses(study, "dropout"), last_log_losses(study, "none"))


def cost_of_going_on(study: Study, label: str) -> list[float]:
    """Return by how much the logarithm of the test loss rises from its minimum to the end."""
    return differences(last_log_losses(study, label), early_log_losses(study, label))


def early_minimum_below_the_better_end(study: Study, label: str) -> list[float]:
    """Return by how much the minimum is below the end of the run with dropout, in logarithms."""
    return differences(last_log_losses(study, "dropout"), early_log_losses(study, label))


# --- sections 4 and 7: pictures ---


def perfect_epochs(group: Group) -> list[int]:
    """Return in which epoch all training pictures are right for the first time."""
    return [first_perfect_epoch(run) for run in group.runs]


def first_perfect_epoch(run: Run) -> int:
    """Return that epoch, or one more than there were."""
    perfect = [value == 1 for value in run.history.train_accuracy]
    return perfect.index(True) + 1 if any(perfect) else len(perfect) + 1


def best(group: Group) -> list[float]:
    """Return the validation accuracy of the best epoch of each run."""
    return [max(run.history.val_accuracy) for run in group.runs]


def faces(study: Study) -> dict[str, Group]:
    """Train the runs of section 4."""
    data, recipe = load_animal_faces("faces"), study.method("recipe")
    return {
        label: train_group(data.train, data.test, with_dropout(recipe, rates), study.seeds)
        for label, rates in (("none", NONE), ("dropout", DROPOUT))
    }


def with_dropout(
    recipe: Recipe, rates: Rates, make: Callable[..., nn.Module] = wide_animal_net
) -> Recipe:
    """Return the recipe of a network with these rates."""
    return replace(recipe, make_model=partial(make, dropout=rates))


def clothes(study: Study) -> dict[str, Group]:
    """Train the same on real photographs."""
    data, recipe = load_fashion(), study.method("recipe")
    return {
        label: train_group(data.train, data.test, with_dropout(recipe, rates), study.seeds[:FEW])
        for label, rates in (("none", NONE), ("dropout", DROPOUT))
    }


def eager_faces(study: Study) -> dict[str, Group]:
    """Train faces with more momentum."""
    data = load_animal_faces("faces")
    recipe = replace(study.method("recipe"), momentum=0.99)
    return {
        label: train_group(data.train, data.test, with_dropout(recipe, rates), study.seeds[:FEW])
        for label, rates in (("none", NONE), ("dropout", DROPOUT))
    }


def narrow_net(dropout: Rates) -> MLP:
    """Return a network with an eighth of the units."""
    return MLP((3072, 31, 26, 3), negative_slope=0.01, dropout=dropout)


def narrow_faces(study: Study) -> dict[str, Group]:
    """Train narrow networks."""
    data, recipe = load_animal_faces("faces"), study.method("recipe")
    return {
        label: train_group(
            data.train, data.test, with_dropout(recipe, rates, narrow_net), study.seeds[:FEW]
        )
        for label, rates in (("none", NONE), ("dropout", DROPOUT))
    }


Pictures = Callable[[Study], dict[str, Group]]


def delay(study: Study, pictures: Pictures) -> list[float]:
    """Return how many epochs more dropout needs to learn by heart."""
    groups = study.measured(pictures)
    return differences(perfect_epochs(groups["dropout"]), perfect_epochs(groups["none"]))


def gain(study: Study, pictures: Pictures, on: str) -> list[float]:
    """Return by how many points dropout is better on test or late validation pictures."""
    groups = study.measured(pictures)
    return points(groups["dropout"].accuracies(on), groups["none"].accuracies(on))


def training(study: Study, pictures: Pictures, label: str) -> list[float]:
    """Return the training accuracy after the last epoch."""
    return study.measured(pictures)[label].final("train_accuracy")


def gain_of_the_best_epoch(study: Study) -> list[float]:
    """Return by how many points dropout is better in the best epoch of each run."""
    groups = study.measured(faces)
    return points(best(groups["dropout"]), best(groups["none"]))


def flattery(study: Study) -> list[float]:
    """Return by how many points the best epoch gains more than the late ones."""
    return differences(gain_of_the_best_epoch(study), gain(study, faces, "validation"))


def more_than_twice_the_gain(study: Study) -> float:
    """Return by how much the mean gain with more momentum is above twice that with less."""
    return fmean(gain(study, eager_faces, "test")) - 2 * fmean(gain(study, faces, "test"))


def longer_delay_when_narrow(study: Study) -> list[float]:
    """Return how many epochs dropout delays narrow networks more than wide ones."""
    wide = delay(study, faces)[:FEW]
    return differences(delay(study, narrow_faces), wide)


def loss_of_narrow_networks(study: Study) -> float:
    """Return by how many points narrow networks with dropout are worse than wide ones."""
    narrow, wide = study.measured(narrow_faces), study.measured(faces)
    return 100 * (fmean(wide["dropout"].validation) - fmean(narrow["dropout"].validation))


# --- sections 5 and 6: dropout in prediction ---


@dataclass(frozen=True)
class Forgotten:
    """What a network left in training mode costs, in points, and contradicts itself, in percent."""

    cost: float
    changed: float


def forgotten_eval(study: Study) -> list[Forgotten]:
    """Predict the test pictures with dropout left on."""
    test = load_animal_faces("faces").test
    torch.manual_seed(0)
    return [forget(run, test) for run in study.measured(faces)["dropout"].runs]


def forget(run: Run, test: ImageSet) -> Forgotten:
    """Compare evaluation mode with two passes in training mode."""
    images, labels = normalize(test.images), test.labels
    with torch.no_grad():
        quiet = run.model.eval()(images).argmax(dim=1)
        run.model.train()
        first, second = (run.model(images).argmax(dim=1) for _ in range(2))
        run.model.eval()
    return Forgotten(
        100 * (share(quiet, labels) - share(first, labels)), 100 * (1 - share(first, second))
    )


def share(first: Tensor, second: Tensor) -> float:
    """Return the fraction of equal entries."""
    return (first == second).double().mean().item()


def forgetting(study: Study, quantity: str) -> list[float]:
    """Return what forgetting eval() costs or changes."""
    return [getattr(found, quantity) for found in study.measured(forgotten_eval)]


@dataclass(frozen=True)
class Certainty:
    """What Monte-Carlo dropout and one ordinary pass say of the test pictures, for one run.

    The first entry of each pair belongs to the mean over passes, or to the more certain half.
    """

    halves: tuple[float, float]
    ordinary_halves: tuple[float, float]
    accuracy: tuple[float, float]
    loss: tuple[float, float]
    excess: tuple[float, float]


Predict = Callable[[nn.Module, Tensor, int], tuple[Tensor, Tensor]]


def judge(run: Run, test: ImageSet, predict: Predict) -> Certainty:
    """Sort the pictures by certainty, and measure how right and how sure the network is."""
    images, labels = normalize(test.images), test.labels
    mean, std = predict(run.model, images, 20)
    with torch.no_grad():
        ordinary = torch.softmax(run.model(images), dim=1)
    right, right_ordinary = (q.argmax(dim=1) == labels for q in (mean, ordinary))
    uncertainty = std.gather(1, mean.argmax(dim=1)[:, None])[:, 0]
    accuracy = percent_of(right), percent_of(right_ordinary)
    sure = percent_of(mean.max(dim=1).values), percent_of(ordinary.max(dim=1).values)
    return Certainty(
        halves(uncertainty, right),
        halves(-ordinary.max(dim=1).values, right_ordinary),
        accuracy,
        (F.nll_loss(mean.log(), labels).item(), F.nll_loss(ordinary.log(), labels).item()),
        (sure[0] - accuracy[0], sure[1] - accuracy[1]),
    )


def percent_of(values: Tensor) -> float:
    """Return the mean of fractions, in percent."""
    return 100 * values.double().mean().item()


def halves(uncertainty: Tensor, right: Tensor) -> tuple[float, float]:
    """Return the accuracy in percent of the more certain half and of the other."""
    first, second = right[uncertainty.argsort()].chunk(2)
    return percent_of(first), percent_of(second)


def certainties(study: Study) -> list[Certainty]:
    """Judge 750 test pictures of faces."""
    test, predict = load_animal_faces("faces").test[::2], study.method("mc_dropout_predict")
    torch.manual_seed(0)
    return [judge(run, test, predict) for run in study.measured(faces)["dropout"].runs[:FEW]]


def clothes_certainties(study: Study) -> list[Certainty]:
    """Judge 750 test pictures of clothes."""
    test, predict = load_fashion().test[::4], study.method("mc_dropout_predict")
    torch.manual_seed(0)
    return [judge(run, test, predict) for run in study.measured(clothes)["dropout"].runs]


Judged = Callable[[Study], list[Certainty]]


def half(study: Study, place: int) -> list[float]:
    """Return the accuracy of the more (0) or the less (1) certain half of the faces."""
    return [found.halves[place] for found in study.measured(certainties)]


def lead_of_certain_half(study: Study, judged: Judged) -> list[float]:
    """Return by how many points the more certain half is more often right."""
    return [found.halves[0] - found.halves[1] for found in study.measured(judged)]


def better_sorted_by_one_pass(study: Study) -> list[float]:
    """Return by how many points one ordinary pass tells the halves apart better."""
    ordinary = [x.ordinary_halves[0] - x.ordinary_halves[1] for x in study.measured(certainties)]
    return differences(ordinary, lead_of_certain_half(study, certainties))


def change_by_passes(study: Study, judged: Judged, quantity: str) -> list[float]:
    """Return by how much a quantity is larger for the mean over passes than for one pass."""
    pairs = [getattr(found, quantity) for found in study.measured(judged)]
    return [passes - ordinary for passes, ordinary in pairs]


def overconfidence(study: Study) -> list[float]:
    """Return by how many points one ordinary pass is more sure than right."""
    return [found.excess[1] for found in study.measured(certainties)]


# --- section 8: digits ---


def digit_net(dropout: Rates) -> MLP:
    """Return the network for digits."""
    return MLP((64, 248, 210, 10), negative_slope=0.01, dropout=dropout)


def slow_digits(study: Study) -> dict[str, Group]:
    """Train on digits with momentum 0.9."""
    return digits(study, 0.9)


def eager_digits(study: Study) -> dict[str, Group]:
    """Train on digits with momentum 0.99."""
    return digits(study, 0.99)


def digits(study: Study, momentum: float) -> dict[str, Group]:
    """Train on digits without and with dropout."""
    images = load_digit_images()
    recipe = replace(study.method("recipe"), val_images=300, momentum=momentum)
    return {
        label: train_group(
            images, images[:10], with_dropout(recipe, rates, digit_net), study.seeds[:FEW]
        )
        for label, rates in (("none", NONE), ("dropout", DROPOUT))
    }


claim = partial(Claim, seeds=range(1000, 1020))

CLAIMS = (
    claim(
        "Dropout fits the ten points less well, for every seed",
        3,
        partial(curve_change, quantity="train_loss"),
        each(above(0)),
    ),
    claim(
        "Dropout lowers the test loss of the toy",
        3,
        log_ratio_of_test_losses,
        below(0, errors=1),
    ),
    claim(
        "The test loss of the toy is about 0.2 times that without, by its logarithm",
        3,
        log_ratio_of_test_losses,
        about(math.log(0.2), errors=3),
        says=(
            "Over {10} other seeds, also after 3,000 steps",
            "on average (geometric mean) about {0.2} times that without",
        ),
    ),
    claim(
        "Dropout lowers the test loss of the toy for nearly every seed",
        3,
        log_ratio_of_test_losses,
        each(below(0), nearly=True),
    ),
    claim(
        "The toy's network stays smaller with dropout, for every seed",
        3,
        partial(curve_change, quantity="norm"),
        each(below(0)),
    ),
    *(
        part
        for label, words in (("none", "without dropout"), ("dropout", "with dropout"))
        for part in (
            claim(
                f"Stopping early would have done more, {words}",
                3,
                partial(cost_of_going_on, label=label),
                above(0, errors=1),
            ),
            claim(
                f"Stopping early would have done more, {words}, for nearly every seed",
                3,
                partial(cost_of_going_on, label=label),
                each(above(0), nearly=True),
            ),
            claim(
                f"The lowest test loss {words} is far below the end of either",
                3,
                partial(early_minimum_below_the_better_end, label=label),
                above(1),
            ),
        )
    ),
    *(
        claim(
            f"Learning {name} by heart takes longer with dropout, for every seed",
            section,
            partial(delay, pictures=pictures),
            each(above(0)),
        )
        for name, section, pictures in (("faces", 4, faces), ("clothes", 7, clothes))
    ),
    claim(
        "Faces take about 15 epochs more to be learnt by heart",
        4,
        partial(delay, pictures=faces),
        about(15, errors=3),
        says=("Over {20} other seeds, dropout needed about {15} epochs more",),
    ),
    claim(
        "Clothes take about 33 epochs more to be learnt by heart",
        7,
        partial(delay, pictures=clothes),
        about(33, errors=3),
        says=("takes longer for every seed, by about {33} epochs",),
    ),
    *(
        claim(
            f"All face networks learn their pictures by heart: {label}",
            4,
            partial(training, pictures=faces, label=label),
            exactly(1),
        )
        for label in ("none", "dropout")
    ),
    claim(
        "The best epoch shows a gain",
        4,
        gain_of_the_best_epoch,
        above(0, errors=1),
    ),
    claim(
        "The best epoch shows a gain of about two points",
        4,
        gain_of_the_best_epoch,
        about(2, errors=3),
        says=("Over {20} other seeds, dropout gained about {2} points in the best epoch",),
    ),
    claim(
        "Late accuracy gains less than one point",
        4,
        partial(gain, pictures=faces, on="validation"),
        below(1),
        says=("In the last 20 epochs it gained less than {one} point",),
    ),
    claim(
        "The gain of late accuracy may be luck",
        4,
        partial(gain, pictures=faces, on="validation"),
        not_above(0, errors=2),
    ),
    claim(
        "The best epoch gains more than the network does",
        4,
        flattery,
        above(0, errors=1),
    ),
    claim(
        "Dropout gains on test pictures of faces",
        7,
        partial(gain, pictures=faces, on="test"),
        above(0, errors=1),
    ),
    claim(
        "Dropout gains less than a point on test pictures of faces",
        7,
        partial(gain, pictures=faces, on="test"),
        below(1),
    ),
    claim(
        "Dropout gains about 0.7 points on test pictures of faces",
        7,
        partial(gain, pictures=faces, on="test"),
        about(0.7, errors=3),
        says=("Over {20} other seeds we measured a gain of {0.7} ± {0.2} points of test accuracy",),
    ),
    claim(
        "Dropout gains as little on test pictures of clothes",
        7,
        partial(gain, pictures=clothes, on="test"),
        about(0, slack=0.6),
    ),
    claim(
        "With more momentum the faces gain",
        8,
        partial(gain, pictures=eager_faces, on="test"),
        above(0, errors=1),
    ),
    claim(
        "With more momentum the faces gain about two points",
        8,
        partial(gain, pictures=eager_faces, on="test"),
        about(2, errors=3),
        says=("over {10} other seeds, a gain of about {2} points on the test pictures",),
    ),
    claim(
        "With more momentum the faces gain much more",
        8,
        more_than_twice_the_gain,
        above(0),
    ),
    claim(
        "Dropout delays a narrow network more",
        5,
        longer_delay_when_narrow,
        above(0, errors=1),
    ),
    claim(
        "The validation accuracy hardly cares for the width",
        5,
        loss_of_narrow_networks,
        below(5),
    ),
    claim(
        "Forgetting eval() costs accuracy, for every seed",
        5,
        partial(forgetting, quantity="cost"),
        each(above(0)),
    ),
    claim(
        "Forgetting eval() costs about 2.5 points",
        5,
        partial(forgetting, quantity="cost"),
        about(2.5, errors=3),
        says=("over {20} other seeds and on test pictures about {2.5} points",),
    ),
    claim(
        "Two passes in training mode differ on about 19 % of the pictures",
        5,
        partial(forgetting, quantity="changed"),
        about(19, errors=3),
        says=("about {19} % of the pictures were put into another class",),
    ),
    *(
        claim(
            f"Certain pictures of {name} are more often right, by ten points for every seed",
            section,
            partial(lead_of_certain_half, judged=judged),
            each(above(10)),
        )
        for name, section, judged in (
            ("faces", 6, certainties),
            ("clothes", 7, clothes_certainties),
        )
    ),
    claim(
        "About 80 % of the more certain half are right",
        6,
        partial(half, place=0),
        about(80, errors=3),
        says=("over {10} other seeds and on test pictures, about {80} % of the more certain half",),
    ),
    claim(
        "About 57 % of the less certain half are right",
        6,
        partial(half, place=1),
        about(57, errors=3),
        says=("and {57} % of the less certain half",),
    ),
    claim(
        "One ordinary pass sorts the pictures at least as well",
        6,
        better_sorted_by_one_pass,
        not_below(0, errors=1),
    ),
    *(
        claim(
            f"The mean over passes lowers the cross-entropy on {name}, for every seed",
            7,
            partial(change_by_passes, judged=judged, quantity="loss"),
            each(below(0)),
        )
        for name, judged in (("faces", certainties), ("clothes", clothes_certainties))
    ),
    claim(
        "The mean over passes is less overconfident, for every seed",
        7,
        partial(change_by_passes, judged=certainties, quantity="excess"),
        each(below(0)),
    ),
    claim("The network is overconfident", 7, overconfidence, above(5)),
    claim(
        "The mean over passes is not more accurate",
        7,
        partial(change_by_passes, judged=certainties, quantity="accuracy"),
        about(0, slack=1),
    ),
    claim(
        "Dropout harms on digits with momentum 0.9",
        8,
        partial(gain, pictures=slow_digits, on="validation"),
        below(0, errors=1),
    ),
    claim(
        "Not all digits are learnt with momentum 0.9",
        8,
        partial(training, pictures=slow_digits, label="none"),
        below(1),
    ),
    claim(
        "Dropout helps on digits with momentum 0.99",
        8,
        partial(gain, pictures=eager_digits, on="validation"),
        above(0, errors=1),
    ),
    claim(
        "All digits are learnt with momentum 0.99",
        8,
        partial(training, pictures=eager_digits, label="none"),
        exactly(1),
    ),
)

SETTINGS = (
    "ten points",
    "Ten points lie",
    "say 95 %",
    "is 30 times cheaper",
)
