"""Trials are recorded as they were made, and a table holds what real runs of a recipe get right."""

from dataclasses import replace

import pytest
import torch

from helpers.data import split
from helpers.data.images import ImageSet
from helpers.experiments import Recipe, accuracies_on, train_seeds
from helpers.models import MLP
from helpers.trials import (
    Recorder,
    TrialTable,
    Winner,
    correct_on,
    pick_winners,
    train_table,
)


def tiny_net() -> MLP:
    return MLP((48, 6, 3))


RECIPE = Recipe(train_images=10, val_images=12, epochs=4, lr=0.05, make_model=tiny_net)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (90, 3, 4, 4), dtype=torch.uint8, generator=generator)
    return ImageSet(pixels, torch.arange(90) % 3, ("a", "b", "c"))


# --- Recorder ---


def test_recorder_passes_values_on_and_remembers_calls_in_order() -> None:
    recorder = Recorder(lambda config: config["x"] ** 2)
    assert [recorder({"x": x}) for x in (1, 3, 2)] == [1, 9, 4]
    assert recorder.configs == [{"x": 1}, {"x": 3}, {"x": 2}]
    assert recorder.values == [1, 9, 4]
    assert len(recorder) == 3


def test_recorder_knows_the_best_so_far() -> None:
    recorder = Recorder(lambda config: config["x"])
    for x in (-3, -5, -1, -2):
        recorder({"x": x})
    assert recorder.best_so_far == [-3, -3, -1, -1]


def test_recorder_keeps_what_it_was_given_when_the_caller_changes_it() -> None:
    recorder, config = Recorder(lambda config: config.pop("x")), {"x": 1}
    recorder(config)
    config["x"] = 2
    assert recorder.configs == [{"x": 1}]


# --- TrialTable ---

TABLE = TrialTable(
    configs=({"lr": 0.1, "width": 10}, {"lr": 1.0, "width": 10}, {"lr": 1.0, "width": 100}),
    correct=torch.tensor([[1, 0, 0, 0], [1, 1, 0, 1], [0, 1, 1, 1]], dtype=torch.bool),
)


def test_accuracy_is_the_mean_over_the_images_asked_for() -> None:
    assert TABLE.accuracy() == [0.25, 0.75, 0.75]
    assert TABLE.accuracy(images=2) == [0.5, 1.0, 0.5]


@pytest.mark.parametrize(
    ("lr", "width", "position"),
    [(0.1, 10, 0), (0.3, 10, 0), (0.33, 10, 1), (5.0, 31, 1), (5.0, 33, 2)],
)
def test_nearest_configuration_is_nearest_in_ratio(lr: float, width: float, position: int) -> None:
    assert TABLE.nearest({"lr": lr, "width": width}) == position


def test_objective_looks_the_nearest_configuration_up() -> None:
    assert TABLE.objective()({"lr": 0.12, "width": 9}) == 0.25
    assert TABLE.objective(images=1)({"lr": 2.0, "width": 90}) == 0


# --- train_table ---


def test_table_holds_what_the_runs_of_train_seeds_get_right(images: ImageSet) -> None:
    pairs = [({"lr": lr}, replace(RECIPE, lr=lr)) for lr in (0.01, 0.1)]
    table = train_table(images, pairs, seed=7, images=30)
    assert table.configs == ({"lr": 0.01}, {"lr": 0.1})
    assert table.correct.shape == (2, 30)
    _, held_out = split(images, (10, 30), seed=7)
    for row, (_, recipe) in enumerate(pairs):
        runs = train_seeds(images, recipe, [7])
        assert table.accuracy()[row] == pytest.approx(accuracies_on(runs, held_out)[0])
        assert table.accuracy(images=12)[row] == runs[0].history.val_accuracy[-1]


def test_correct_on_tells_of_each_image(images: ImageSet) -> None:
    runs = train_seeds(images, RECIPE, [0, 1])
    correct = correct_on(runs, images)
    assert correct.shape == (2, 90)
    assert correct.dtype == torch.bool
    assert correct.double().mean(dim=1).tolist() == pytest.approx(accuracies_on(runs, images))


# --- pick_winners ---


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def pick(table: TrialTable, trials: int, val_images: int, draws: int = 50) -> list[Winner]:
    sizes = {"trials": trials, "val_images": val_images, "draws": draws}
    return pick_winners(table, **sizes, generator=seeded())


def test_winner_of_all_is_the_best_where_it_was_chosen() -> None:
    right_ones = torch.tensor([[1] * 10, [10] * 10, [2] * 10]) > torch.arange(10)
    winners = pick(replace(TABLE, correct=right_ones), 3, 6)
    assert {(winner.val, winner.new) for winner in winners} == {(1, 1)}


def test_winner_of_one_trial_is_any_configuration() -> None:
    halves = torch.tensor([[False] * 4, [True] * 4, [True] * 4])
    winners = pick(replace(TABLE, correct=halves), 1, 2)
    assert {(winner.val, winner.new) for winner in winners} == {(0, 0), (1, 1)}


def test_new_images_are_those_that_were_not_drawn() -> None:
    table = replace(TABLE, correct=torch.tensor([[True, False]]), configs=TABLE.configs[:1])
    assert {(winner.val, winner.new) for winner in pick(table, 1, 1)} == {(0, 1), (1, 0)}


def test_of_many_lucky_ones_the_winner_looks_better_than_it_is() -> None:
    coins = torch.rand(40, 300, generator=torch.Generator().manual_seed(0)) < 0.5
    winners = pick(replace(TABLE, correct=coins), 40, 30)
    assert sum(winner.val for winner in winners) / 50 > 0.6
    assert abs(sum(winner.new for winner in winners) / 50 - 0.5) < 0.02


@pytest.mark.parametrize(("trials", "val_images"), [(4, 1), (1, 4)])
def test_more_than_the_table_has_is_refused(trials: int, val_images: int) -> None:
    with pytest.raises(ValueError, match="3 configurations and 4 images"):
        pick(TABLE, trials, val_images)
