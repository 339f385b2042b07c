"""What the lesson on dropout says of its figures holds for seeds that it does not use."""

import math
from dataclasses import dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course.layout import notebook
from course.notebooks import is_answer, read
from helpers.curves import CurveHistory, CurveTask, curve_optimizer, fit_curves, make_curve_data
from helpers.data import load_animal_faces, normalize
from helpers.data.images import ImageSet
from helpers.digits import load_digit_images
from helpers.experiments import (
    Gain,
    Recipe,
    Run,
    accuracies_on,
    initialise,
    late_accuracy,
    paired_gain,
    train_seeds,
)
from helpers.models import MLP, curve_net, wide_animal_net
from tests.fashion import load_fashion
from tests.this_course import COURSE

NONE, DROPOUT = (0.0, 0.0), (0.5, 0.3)
SEEDS, FEW = range(1000, 1020), range(1000, 1010)
RECIPE = Recipe(train_images=100, val_images=100, epochs=200, lr=5e-3, momentum=0.9)


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Provide what the answer cells of the lesson define."""
    namespace: dict[str, Any] = {"torch": torch, "nn": nn}
    for cell in read(notebook(COURSE.masters, "dropout")).cells:
        if cell.cell_type == "code" and is_answer(cell):
            exec(cell.source, namespace)
    return namespace


def clearly_positive(gain: Gain) -> bool:
    return gain.mean > gain.standard_error


def about(gain: Gain, value: float) -> bool:
    """Tell whether a number of the text is within three standard errors of what was measured."""
    return abs(gain.mean - value) < 3 * gain.standard_error


# --- section 3: ten points ---


@pytest.fixture(scope="module")
def curves() -> dict[str, list[CurveHistory]]:
    """Provide the runs of the toy regression without and with dropout, over the same seeds."""
    return {"none": fit_with(NONE), "dropout": fit_with((0.4, 0.2))}


def fit_with(p: tuple[float, float]) -> list[CurveHistory]:
    models = [initialise(partial(curve_net, dropout=p), seed) for seed in FEW]
    tasks = [
        CurveTask(model, make_curve_data(seed), curve_optimizer(model), seed)
        for seed, model in zip(FEW, models, strict=True)
    ]
    return fit_curves(tasks, steps=3000, record=[*range(20, 401, 20), 3000])


def final(curves: dict[str, list[CurveHistory]], quantity: str) -> list[tuple[float, float]]:
    """Return what was measured last, without and with dropout, for each seed."""
    columns = ([getattr(run, quantity)[-1] for run in runs] for runs in curves.values())
    return list(zip(*columns, strict=True))


def log_ratio(curves: dict[str, list[CurveHistory]]) -> Gain:
    without, treated = zip(*final(curves, "test_loss"), strict=True)
    return paired_gain([math.log(x) for x in treated], [math.log(x) for x in without])


def test_dropout_fits_the_points_less_well_for_every_seed(
    curves: dict[str, list[CurveHistory]],
) -> None:
    assert all(treated > without for without, treated in final(curves, "train_loss"))


def test_dropout_lowers_the_test_loss_of_the_toy(curves: dict[str, list[CurveHistory]]) -> None:
    ratio = log_ratio(curves)
    assert ratio.mean < -ratio.standard_error
    assert about(ratio, math.log(0.2))
    assert ratio.better <= 2


def test_network_of_the_toy_stays_smaller_with_dropout(
    curves: dict[str, list[CurveHistory]],
) -> None:
    assert all(treated < without for without, treated in final(curves, "norm"))


@pytest.mark.parametrize("label", ["none", "dropout"])
def test_stopping_early_would_have_done_more(
    curves: dict[str, list[CurveHistory]], label: str
) -> None:
    best = [math.log(min(run.test_loss[:-1])) for run in curves[label]]  # of the first 400 steps
    last = [math.log(run.test_loss[-1]) for run in curves[label]]
    gap = paired_gain(last, best)
    assert clearly_positive(gap)
    assert gap.better >= len(FEW) - 2
    # Far below the end of either, that is also of the one with dropout.
    assert fmean(best) < fmean(math.log(treated) for _, treated in final(curves, "test_loss")) - 1


# --- sections 4 and 7: pictures ---


@dataclass(frozen=True)
class Group:
    """Runs with the same dropout, and their accuracies on the test pictures in [0, 1]."""

    runs: list[Run]
    test: list[float]

    @property
    def late(self) -> list[float]:
        return [late_accuracy([run]) for run in self.runs]

    @property
    def best(self) -> list[float]:
        return [max(run.history.val_accuracy) for run in self.runs]

    @property
    def perfect(self) -> list[int]:
        """Return in which epoch all training pictures are right for the first time."""
        return [first_perfect_epoch(run) for run in self.runs]


def first_perfect_epoch(run: Run) -> int:
    perfect = [value == 1 for value in run.history.train_accuracy]
    return perfect.index(True) + 1 if any(perfect) else len(perfect) + 1


def train(
    pictures: ImageSet, test: ImageSet, p: tuple[float, float], seeds: range, **changes: Any
) -> Group:
    make_model = changes.pop("make_model", wide_animal_net)
    recipe = replace(RECIPE, make_model=partial(make_model, dropout=p), **changes)
    runs = train_seeds(pictures, recipe, seeds)
    return Group(runs, accuracies_on(runs, test))


@pytest.fixture(scope="module")
def faces() -> dict[str, Group]:
    """Provide the runs of section 4."""
    data = load_animal_faces("faces")
    return {
        "none": train(data.train, data.test, NONE, SEEDS),
        "dropout": train(data.train, data.test, DROPOUT, SEEDS),
    }


@pytest.fixture(scope="module")
def clothes() -> dict[str, Group]:
    """Provide the same runs on real photographs."""
    data = load_fashion()
    return {
        "none": train(data.train, data.test, NONE, FEW),
        "dropout": train(data.train, data.test, DROPOUT, FEW),
    }


def compare(groups: dict[str, Group], quantity: str) -> Gain:
    return paired_gain(*(getattr(groups[name], quantity) for name in ("dropout", "none")))


@pytest.mark.parametrize(("name", "epochs"), [("faces", 15), ("clothes", 33)])
def test_learning_by_heart_takes_longer_for_every_seed(
    request: pytest.FixtureRequest, name: str, epochs: float
) -> None:
    delay = compare(request.getfixturevalue(name), "perfect")
    assert delay.better == delay.pairs
    assert about(delay, epochs)


def test_all_face_networks_learn_their_pictures_by_heart(faces: dict[str, Group]) -> None:
    for group in faces.values():
        assert all(run.history.train_accuracy[-1] == 1 for run in group.runs)


def test_best_epoch_shows_a_gain_that_late_accuracy_does_not(faces: dict[str, Group]) -> None:
    best, late = compare(faces, "best"), compare(faces, "late")
    assert clearly_positive(best)
    assert about(best, 0.02)
    assert late.mean < min(0.01, 2 * late.standard_error)
    assert clearly_positive(
        paired_gain(
            *(
                [b - a for b, a in zip(g.best, g.late, strict=True)]
                for g in (faces["dropout"], faces["none"])
            )
        )
    )


def test_gain_on_test_faces_is_weak(faces: dict[str, Group]) -> None:
    gain = compare(faces, "test")
    assert clearly_positive(gain)
    assert gain.mean < 0.01
    assert about(gain, 0.006)


def test_gain_on_test_clothes_is_as_weak(clothes: dict[str, Group]) -> None:
    gain = compare(clothes, "test")
    assert abs(gain.mean) < 0.006


def test_with_more_momentum_the_faces_gain(faces: dict[str, Group]) -> None:
    data = load_animal_faces("faces")
    none, treated = (
        train(data.train, data.test, p, FEW, momentum=0.99).test for p in (NONE, DROPOUT)
    )
    gain = paired_gain(treated, none)
    assert clearly_positive(gain)
    assert about(gain, 0.02)
    assert gain.mean > 2 * compare(faces, "test").mean


def narrow_net(dropout: tuple[float, float]) -> MLP:
    return MLP((3072, 31, 26, 3), negative_slope=0.01, dropout=dropout)


def test_dropout_delays_a_narrow_network_more(faces: dict[str, Group]) -> None:
    data = load_animal_faces("faces")
    none, treated = (
        train(data.train, data.test, p, FEW, make_model=narrow_net) for p in (NONE, DROPOUT)
    )
    narrow = [b - a for b, a in zip(treated.perfect, none.perfect, strict=True)]
    pairs = zip(faces["dropout"].perfect, faces["none"].perfect, strict=True)
    wide = [b - a for b, a in pairs][: len(FEW)]
    assert clearly_positive(paired_gain(narrow, wide))
    assert fmean(treated.late) > fmean(faces["dropout"].late) - 0.05


# --- sections 5 and 6: dropout in prediction ---


def test_forgetting_eval_costs_accuracy_and_steadiness(faces: dict[str, Group]) -> None:
    data, costs, changed = load_animal_faces("faces"), [], []
    images, labels = normalize(data.test.images), data.test.labels
    torch.manual_seed(0)
    for run in faces["dropout"].runs:
        with torch.no_grad():
            quiet = run.model.eval()(images).argmax(dim=1)
            run.model.train()
            first, second = (run.model(images).argmax(dim=1) for _ in range(2))
            run.model.eval()
        costs.append((quiet == labels).float().mean().item() - share(first, labels))
        changed.append(1 - share(first, second))
    nothing = [0.0] * len(costs)
    assert min(costs) > 0
    assert about(paired_gain(costs, nothing), 0.025)
    assert about(paired_gain(changed, nothing), 0.19)


def share(a: Tensor, b: Tensor) -> float:
    return (a == b).float().mean().item()


@dataclass(frozen=True)
class Certainty:
    """What Monte-Carlo dropout and one ordinary pass say of the test pictures, for one run."""

    halves: tuple[float, float]  # accuracy of the more and of the less certain half
    ordinary_halves: tuple[float, float]
    accuracy: tuple[float, float]  # of the mean over passes, and of one ordinary pass
    loss: tuple[float, float]
    excess: tuple[float, float]


def judge(run: Run, test: ImageSet, mc_dropout_predict: Any) -> Certainty:
    images, labels = normalize(test.images), test.labels
    mean, std = mc_dropout_predict(run.model, images, 20)
    with torch.no_grad():
        ordinary = torch.softmax(run.model(images), dim=1)
    prediction = mean.argmax(dim=1)
    uncertainty = std.gather(1, prediction[:, None])[:, 0]
    both = (mean, ordinary)
    accuracy = tuple(share(q.argmax(dim=1), labels) for q in both)
    return Certainty(
        halves(uncertainty, prediction == labels),
        halves(-ordinary.max(dim=1).values, ordinary.argmax(dim=1) == labels),
        accuracy,
        tuple(F.nll_loss(q.log(), labels).item() for q in both),
        tuple(q.max(1).values.mean().item() - a for q, a in zip(both, accuracy, strict=True)),
    )


def halves(uncertainty: Tensor, right: Tensor) -> tuple[float, float]:
    first, second = right[uncertainty.argsort()].float().chunk(2)
    return first.mean().item(), second.mean().item()


@pytest.fixture(scope="module")
def certainties(faces: dict[str, Group], answers: dict[str, Any]) -> list[Certainty]:
    """Provide what the first ten face networks say of 750 test pictures."""
    test, predict = load_animal_faces("faces").test[::2], answers["mc_dropout_predict"]
    torch.manual_seed(0)
    return [judge(run, test, predict) for run in faces["dropout"].runs[:10]]


def test_certain_pictures_are_more_often_right(certainties: list[Certainty]) -> None:
    assert all(found.halves[0] > found.halves[1] + 0.1 for found in certainties)
    for position, value in enumerate((0.80, 0.57)):
        assert about(paired_gain([x.halves[position] for x in certainties], [0] * 10), value)


def test_one_ordinary_pass_sorts_at_least_as_well(certainties: list[Certainty]) -> None:
    gaps = [
        [found.ordinary_halves[0] - found.ordinary_halves[1] for found in certainties],
        [found.halves[0] - found.halves[1] for found in certainties],
    ]
    gain = paired_gain(*gaps)
    assert gain.mean > -gain.standard_error


def test_certain_clothes_are_more_often_right(
    clothes: dict[str, Group], answers: dict[str, Any]
) -> None:
    test = load_fashion().test[::4]
    for run in clothes["dropout"].runs:
        found = judge(run, test, answers["mc_dropout_predict"])
        assert found.halves[0] > found.halves[1] + 0.1
        assert found.loss[0] < found.loss[1]


def test_mean_over_passes_is_less_overconfident_but_not_more_accurate(
    certainties: list[Certainty],
) -> None:
    assert all(found.loss[0] < found.loss[1] for found in certainties)
    assert all(found.excess[0] < found.excess[1] for found in certainties)
    assert fmean(found.excess[1] for found in certainties) > 0.05
    gain = paired_gain(*zip(*(found.accuracy for found in certainties), strict=True))
    assert abs(gain.mean) < 0.01


# --- section 8: digits ---


def digit_net(dropout: tuple[float, float]) -> MLP:
    return MLP((64, 248, 210, 10), negative_slope=0.01, dropout=dropout)


def digit_gain(momentum: float) -> tuple[Gain, float]:
    """Return what dropout gains on validation digits, and the training accuracy without it."""
    digits, changes = load_digit_images(), {"val_images": 300, "make_model": digit_net}
    none, treated = (
        train(digits, digits[:10], p, FEW, momentum=momentum, **changes) for p in (NONE, DROPOUT)
    )
    trained = fmean(run.history.train_accuracy[-1] for run in none.runs)
    return paired_gain(treated.late, none.late), trained


def test_dropout_harms_on_digits_that_are_not_learnt_yet() -> None:
    gain, trained = digit_gain(0.9)
    assert gain.mean < -gain.standard_error
    assert trained < 1


def test_dropout_helps_on_digits_with_more_momentum() -> None:
    gain, trained = digit_gain(0.99)
    assert clearly_positive(gain)
    assert trained == 1
