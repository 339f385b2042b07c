"""What the lesson on the learning rate says of its figures holds for seeds that it does not use."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean, median
from typing import Any

import pytest
import torch
from torch.optim import Optimizer

from course.layout import notebook
from course.notebooks import is_answer, read
from helpers.data import load_animal_faces, normalize, split
from helpers.data.animal_faces import AnimalFaces
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
from helpers.gradients import gradient_noise, loss_gradient
from helpers.models import animal_net
from helpers.surfaces import descend, make_surface
from tests.fashion import load_fashion
from tests.this_course import COURSE

SEEDS = range(1000, 1010)
RECIPE = Recipe(train_images=250, epochs=350, momentum=0.99)
LESS_MOMENTUM = 1 - 0.1**1.5


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Provide what the answer cells of the lesson define."""
    namespace: dict[str, Any] = {"torch": torch}
    exec("import math", namespace)
    for cell in read(notebook(COURSE.masters, "learning_rate")).cells:
        if cell.cell_type == "code" and is_answer(cell):
            exec(cell.source, namespace)
    return namespace


@pytest.fixture(scope="module")
def faces() -> AnimalFaces:
    return load_animal_faces("faces")


# --- section 1: the noise of a batch ---


@pytest.fixture(scope="module")
def noises(faces: AnimalFaces) -> list[dict[int, float]]:
    """Provide for each seed the noise by batch size, and under 0 the length of the gradient."""
    return [noise_of_seed(faces, seed) for seed in SEEDS]


def noise_of_seed(faces: AnimalFaces, seed: int) -> dict[int, float]:
    pictures, _ = split(faces.train, (250, 100), seed=seed)
    net, images = initialise(animal_net, seed), normalize(pictures.images)
    generator = torch.Generator().manual_seed(seed)
    noise = {
        size: gradient_noise(
            net, images, pictures.labels, batch_size=size, draws=30, generator=generator
        )
        for size in (1, 16, 100)
    }
    return noise | {0: loss_gradient(net, images, pictures.labels).norm().item()}


def test_noise_falls_as_one_over_the_root_of_the_batch_size(noises: list[dict[int, float]]) -> None:
    for size in (16, 100):
        ratio = fmean(noise[1] / noise[size] for noise in noises)
        assert ratio == pytest.approx(size**0.5, rel=0.1)


def test_single_images_are_ten_times_noisier_than_the_gradient_is_long(
    noises: list[dict[int, float]],
) -> None:
    assert fmean(noise[1] / noise[0] for noise in noises) == pytest.approx(10, abs=3)


def test_noise_and_gradient_are_alike_for_batches_of_100(noises: list[dict[int, float]]) -> None:
    assert 0.7 < fmean(noise[100] / noise[0] for noise in noises) < 1.4


# --- section 2: the surface ---

START = (-5.0, 3.0)


def path_of(lr: float, batch_size: int, steps: int, seed: int = 0) -> torch.Tensor:
    """Return the distance from the minimum after every step."""

    def step(
        w: torch.Tensor, v: torch.Tensor, g: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return w - lr * g, v

    surface = make_surface(0)
    path = descend(surface, step, START, batch_size=batch_size, steps=steps, seed=seed)
    return path.norm(dim=1)


def test_rates_on_the_surface_are_too_small_just_small_enough_and_too_large() -> None:
    assert path_of(0.05, 32, 30)[-1] > 4
    assert path_of(1.8, 32, 30)[-1] < 0.1
    assert path_of(2.1, 32, 30)[-1] > 30


def test_cloud_shrinks_with_a_larger_batch_or_a_smaller_rate() -> None:
    widths = {
        setting: fmean(float(path_of(*setting, 1200, seed)[-200:].mean()) for seed in SEEDS)
        for setting in ((0.3, 1), (0.3, 8), (0.05, 1))
    }
    assert widths[0.3, 1] > 1.5 * widths[0.3, 8]
    assert widths[0.3, 1] > 1.5 * widths[0.05, 1]


# --- sections 3 and 4: three rates, and why ---


def change_rate(first: float, then: float, after: int = 100) -> Callable[[int, Optimizer], None]:
    def before_step(step: int, optimizer: Optimizer) -> None:
        for group in optimizer.param_groups:
            group["lr"] = first if step < after else then

    return before_step


def no_gradient_after_epoch_60(step: int, optimizer: Optimizer) -> None:
    if step >= 120:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad.zero_()


@dataclass(frozen=True)
class Group:
    """Runs of one recipe and their accuracies in [0, 1] on the test pictures."""

    runs: list[Run]
    test: list[float]

    def final(self, quantity: str) -> float:
        """Return the mean over the runs of what was measured last."""
        return fmean(getattr(run.history, quantity)[-1] for run in self.runs)


Groups = dict[str, Group]
TRIALS: dict[str, dict[str, Any]] = {
    "small": {"lr": 5e-4},
    "middle": {"lr": 1e-3},
    "large": {"lr": 5e-3},
    "gentle": {"before_step": change_rate(5e-4, 5e-3)},
    "coasting": {"before_step": no_gradient_after_epoch_60},
    "less momentum": {"lr": 5e-3, "momentum": LESS_MOMENTUM},
    "braked": {"before_step": change_rate(5e-3, 5e-4, after=120)},
    "hardly any friction": {"lr": 5e-4, "momentum": 0.999},
}


def train(data: Any, recipe: Recipe) -> Group:
    runs = train_seeds(data.train, recipe, SEEDS)
    return Group(runs, accuracies_on(runs, data.test))


@pytest.fixture(scope="module")
def trials(faces: AnimalFaces) -> Groups:
    return {name: train(faces, replace(RECIPE, **changes)) for name, changes in TRIALS.items()}


def gain(groups: Groups, better: str, worse: str) -> Gain:
    return paired_gain(groups[better].test, groups[worse].test)


@pytest.mark.parametrize("rate", ["small", "middle", "large"])
def test_every_run_learns_every_picture(trials: Groups, rate: str) -> None:
    assert all(run.history.train_accuracy[-1] == 1 for run in trials[rate].runs)


def epochs_to_learn(group: Group) -> float:
    return median(run.history.train_accuracy.index(1.0) + 1 for run in group.runs)


def test_largest_rate_learns_first_after_about_60_epochs(trials: Groups) -> None:
    assert 45 < epochs_to_learn(trials["large"]) < 70
    assert epochs_to_learn(trials["large"]) < epochs_to_learn(trials["middle"])
    assert epochs_to_learn(trials["middle"]) < epochs_to_learn(trials["small"])


@pytest.mark.parametrize("other", ["small", "middle"])
def test_largest_rate_is_worst_on_test_for_nearly_every_seed(trials: Groups, other: str) -> None:
    found = gain(trials, other, "large")
    assert found.mean > found.standard_error
    assert found.better >= 8


def test_norm_nearly_doubles_with_the_largest_rate_alone(trials: Groups) -> None:
    growth = {
        name: fmean(run.history.norm[-1] / run.history.norm[0] for run in trials[name].runs)
        for name in ("small", "middle", "large")
    }
    assert growth["large"] == pytest.approx(1.87, abs=0.1)
    assert growth["small"] < growth["middle"] < 1.35


def test_gentle_start_does_not_help(trials: Groups) -> None:
    assert trials["gentle"].final("norm") > trials["large"].final("norm")
    harms = gain(trials, "small", "gentle")
    assert harms.mean > harms.standard_error


def test_network_coasts_as_far_without_any_gradient(trials: Groups) -> None:
    ratio = trials["coasting"].final("norm") / trials["large"].final("norm")
    assert ratio == pytest.approx(1, abs=0.05)
    assert trials["coasting"].final("train_accuracy") < 0.95
    assert gain(trials, "large", "coasting").mean > 0.05


def test_same_friction_gives_the_same_norm_and_accuracy(trials: Groups) -> None:
    ratio = trials["less momentum"].final("norm") / trials["small"].final("norm")
    assert ratio == pytest.approx(1, abs=0.05)
    assert gain(trials, "less momentum", "small").mean > -0.005
    cure = gain(trials, "less momentum", "large")
    assert cure.mean > cure.standard_error


def test_learning_lasts_one_memory_in_the_bad_case_and_several_in_the_good_ones(
    trials: Groups,
) -> None:
    names = ("small", "large", "less momentum")
    steps = {name: 2 * epochs_to_learn(trials[name]) for name in names}
    assert steps["large"] * 0.01 < 1.3
    assert steps["small"] * 0.01 > 3
    assert steps["less momentum"] * (1 - LESS_MOMENTUM) > 3


def test_braking_once_the_pictures_are_learnt_saves_most_of_it(trials: Groups) -> None:
    assert trials["braked"].final("norm") == pytest.approx(9.9, abs=0.3)
    saved = gain(trials, "braked", "large")
    assert saved.mean > saved.standard_error


def test_momentum_of_0_999_is_worse(trials: Groups) -> None:
    assert trials["hardly any friction"].final("norm") > trials["large"].final("norm")
    loss = gain(trials, "small", "hardly any friction")
    assert loss.mean > loss.standard_error


@pytest.fixture(scope="module")
def clothes() -> Groups:
    data = load_fashion()
    return {
        name: train(data, replace(RECIPE, **TRIALS[name]))
        for name in ("small", "large", "less momentum")
    }


def test_largest_rate_loses_on_real_images_too(clothes: Groups) -> None:
    lost = gain(clothes, "small", "large")
    assert lost.mean > lost.standard_error
    assert abs(100 * lost.mean - 1.4) < 100 * 3 * lost.standard_error


def test_less_momentum_cures_it_on_real_images_too(clothes: Groups) -> None:
    cure = gain(clothes, "less momentum", "large")
    assert cure.mean > cure.standard_error
    assert abs(gain(clothes, "less momentum", "small").mean) < 0.005


# --- section 5: too small, too large ---

SHORT = Recipe(train_images=100, val_images=200, epochs=60, momentum=0.9)


@pytest.fixture(scope="module")
def scan(faces: AnimalFaces) -> dict[float, list[Run]]:
    rates = (1e-3, 3e-3, 2e-2, 4e-2, 7e-2, 0.3)
    return {lr: train_seeds(faces.train, replace(SHORT, lr=lr), SEEDS) for lr in rates}


@pytest.mark.parametrize("lr", [1e-3, 3e-3])
def test_too_small_a_rate_has_not_arrived(scan: dict[float, list[Run]], lr: float) -> None:
    assert fmean(run.history.train_accuracy[-1] for run in scan[lr]) < 0.8
    assert all(max(run.history.train_loss) < 1.2 for run in scan[lr])
    assert late_accuracy(scan[lr]) < 0.6


def test_loss_rises_with_too_large_a_rate(scan: dict[float, list[Run]]) -> None:
    assert fmean(max(run.history.train_loss) for run in scan[0.3]) > 1.5
    assert late_accuracy(scan[0.3]) < 0.6


def test_too_large_a_rate_leaves_many_units_off_for_all_pictures(
    scan: dict[float, list[Run]], faces: AnimalFaces
) -> None:
    assert fmean(share_of_dead_units(run, faces) for run in scan[0.3]) > 0.3
    assert fmean(share_of_dead_units(run, faces) for run in scan[4e-2]) < 0.1


def share_of_dead_units(run: Run, faces: AnimalFaces) -> float:
    pictures, _ = split(faces.train, (100, 200), seed=run.seed)
    first, second, _ = run.model.linear_layers
    with torch.no_grad():
        hidden = torch.relu(first(normalize(pictures.images).flatten(1)))
        return float((second(hidden) <= 0).all(dim=0).double().mean())


@pytest.mark.parametrize("lr", [2e-2, 4e-2, 7e-2])
def test_good_rates_reach_about_68_percent(scan: dict[float, list[Run]], lr: float) -> None:
    assert late_accuracy(scan[lr]) == pytest.approx(0.68, abs=0.02)


def test_solution_is_one_of_them(answers: dict[str, Any]) -> None:
    assert 2e-2 <= answers["best_learning_rate"] <= 7e-2


# --- sections 6 and 7: schedules and batch sizes, at the same number of steps ---

NOISY = replace(RECIPE, epochs=12, momentum=0.0, lr=0.1, batch_size=10, shuffle=True)


@pytest.fixture(scope="module")
def batches(faces: AnimalFaces, answers: dict[str, Any]) -> Groups:
    schedule = answers["cosine_schedule"]

    def following(warmup: int) -> Recipe:
        def before_step(step: int, optimizer: Optimizer) -> None:
            for group in optimizer.param_groups:
                group["lr"] = schedule(step, 300, 0.1, warmup)

        return replace(NOISY, before_step=before_step)

    recipes = {
        "250": replace(NOISY, epochs=300, batch_size=250, shuffle=False),
        "50": replace(NOISY, epochs=60, batch_size=50),
        "10": NOISY,
        "cosine": following(0),
        "warm-up": following(30),
    }
    return {name: train(faces, recipe) for name, recipe in recipes.items()}


def test_moderate_noise_neither_helps_nor_harms(batches: Groups) -> None:
    found = gain(batches, "50", "250")
    assert abs(found.mean) < 0.005


def test_strongest_noise_does_not_help(batches: Groups) -> None:
    found = gain(batches, "10", "250")
    assert found.mean < found.standard_error


@pytest.mark.parametrize("schedule", ["cosine", "warm-up"])
def test_loss_jumps_less_with_a_schedule_than_with_a_constant_rate(
    batches: Groups, schedule: str
) -> None:
    assert largest_rise(batches["10"]) > 3 * max(0.0, largest_rise(batches[schedule]))
    assert max(final_losses(batches[schedule])) < max(final_losses(batches["10"]))


def largest_rise(group: Group) -> float:
    """Return by how much the training loss rises in an epoch of the second half, at most."""
    curves = [run.history.train_loss[6:] for run in group.runs]
    return fmean(max(b - a for a, b in pairwise(c)) for c in curves)


def final_losses(group: Group) -> list[float]:
    return [run.history.train_loss[-1] for run in group.runs]


def test_constant_rate_with_luck_ends_with_a_lower_loss(batches: Groups) -> None:
    assert median(final_losses(batches["10"])) < median(final_losses(batches["cosine"]))


def test_warm_up_changes_little(batches: Groups) -> None:
    assert abs(gain(batches, "warm-up", "cosine").mean) < 0.01


@pytest.mark.parametrize(("better", "worse", "points"), [("250", "10", 1.8), ("cosine", "10", 1.3)])
def test_weak_effects_are_about_those_of_the_text(
    batches: Groups, better: str, worse: str, points: float
) -> None:
    found = gain(batches, better, worse)
    assert abs(100 * found.mean - points) < 100 * 3 * found.standard_error
