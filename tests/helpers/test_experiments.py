"""Runs with one seed differ in nothing but what is compared, and are summed up as they are."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from helpers.data import BatchLoader, normalize, split
from helpers.data.images import ImageSet
from helpers.experiments import (
    BeforeStep,
    Recipe,
    Run,
    accuracies_on,
    late_accuracy,
    paired_gain,
    summarise,
    train_recipes,
    train_seeds,
)
from helpers.models import MLP
from helpers.training import accuracy, fit
from helpers.training.loop import History, Penalty, Score, evaluate


def tiny_net() -> MLP:
    return MLP((48, 6, 3))


def always_the_same_net() -> MLP:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return tiny_net()


RECIPE = Recipe(
    train_images=10,
    val_images=12,
    epochs=4,
    lr=0.05,
    momentum=0.9,
    batch_size=16,
    make_model=tiny_net,
)
SHORT_BATCHES = replace(RECIPE, batch_size=4)  # the last of three is not full
STANDSTILL = replace(RECIPE, lr=0.0)  # the trained parameters are the first ones


def squares(model: nn.Module) -> Tensor:
    return sum((p.square().sum() for p in model.parameters()), torch.tensor(0.0))


def strong(model: nn.Module) -> Tensor:
    return 0.5 * squares(model)


def parameters(run: Run) -> Tensor:
    return torch.cat([p.detach().flatten() for p in run.model.parameters()])


def curves(history: History) -> Tensor:
    """Return all that was measured, (5, epochs)."""
    measured = (history.train_accuracy, history.train_loss, history.val_accuracy)
    return torch.tensor([*measured, history.val_loss, history.norm], dtype=torch.float64)


def train_by_hand(dataset: ImageSet, recipe: Recipe, seed: int, penalty: Penalty | None) -> Run:
    """Do with `fit` what a run stands for."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = tiny_net()
    parts = split(dataset, (recipe.train_images, recipe.val_images), seed=seed)
    train, val = (BatchLoader(part, batch_size=recipe.batch_size) for part in parts)
    optimizer = SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum)
    history = fit(model, train, val, optimizer, epochs=recipe.epochs, penalty=penalty)
    return Run(seed, model, history)


@pytest.mark.parametrize("recipe", [RECIPE, SHORT_BATCHES], ids=["one batch", "short batches"])
@pytest.mark.parametrize("penalty", [None, squares], ids=["plain", "penalty"])
def test_a_run_is_what_the_plain_loop_gives(
    dataset: ImageSet, recipe: Recipe, penalty: Penalty | None
) -> None:
    runs = train_seeds(dataset, replace(recipe, penalty=penalty), [3, 4])
    for run in runs:
        oracle = train_by_hand(dataset, recipe, run.seed, penalty)
        torch.testing.assert_close(parameters(run), parameters(oracle), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(
            curves(run.history), curves(oracle.history), rtol=1e-4, atol=1e-5
        )


def test_runs_come_in_the_order_of_their_seeds(dataset: ImageSet) -> None:
    runs = train_seeds(dataset, RECIPE, iter([5, 2, 9]))
    assert [run.seed for run in runs] == [5, 2, 9]


def test_every_epoch_is_recorded(dataset: ImageSet) -> None:
    runs = train_seeds(dataset, RECIPE, range(2))
    assert [len(run.history) for run in runs] == [RECIPE.epochs] * 2


def test_same_seed_has_the_same_first_parameters_whatever_the_penalty(dataset: ImageSet) -> None:
    [plain] = train_seeds(dataset, STANDSTILL, [7])
    [penalised] = train_seeds(dataset, replace(STANDSTILL, penalty=strong), [7])
    torch.manual_seed(7)
    first = torch.cat([p.detach().flatten() for p in tiny_net().parameters()])
    torch.testing.assert_close(parameters(plain), first, rtol=0, atol=1e-6)
    torch.testing.assert_close(parameters(penalised), first, rtol=0, atol=1e-6)


def test_same_seed_has_the_same_images_whatever_the_penalty(dataset: ImageSet) -> None:
    [plain] = train_seeds(dataset, STANDSTILL, [7])
    [penalised] = train_seeds(dataset, replace(STANDSTILL, penalty=strong), [7])
    # At a standstill, equal losses mean equal images.
    torch.testing.assert_close(curves(plain.history), curves(penalised.history))


def test_validation_images_are_not_trained_on(dataset: ImageSet) -> None:
    [run] = train_seeds(dataset, RECIPE, [7])
    train_set, val_set = split(dataset, (10, 12), seed=7)
    for part, accuracies, losses in (
        (train_set, run.history.train_accuracy, run.history.train_loss),
        (val_set, run.history.val_accuracy, run.history.val_loss),
    ):
        score = evaluate(run.model, BatchLoader(part))
        assert score.accuracy == pytest.approx(accuracies[-1])
        assert score.loss == pytest.approx(losses[-1], rel=1e-4)


def test_another_seed_has_other_parameters(dataset: ImageSet) -> None:
    first, second = train_seeds(dataset, STANDSTILL, range(2))
    assert not torch.equal(parameters(first), parameters(second))


def test_another_seed_has_other_images(dataset: ImageSet) -> None:
    first, second = train_seeds(
        dataset, replace(STANDSTILL, make_model=always_the_same_net), range(2)
    )
    assert first.history.train_loss[0] != second.history.train_loss[0]
    assert first.history.val_loss[0] != second.history.val_loss[0]


def test_a_run_does_not_depend_on_the_other_seeds(dataset: ImageSet) -> None:
    [alone] = train_seeds(dataset, replace(RECIPE, penalty=squares), [4])
    *_, among = train_seeds(dataset, replace(RECIPE, penalty=squares), [1, 2, 4])
    torch.testing.assert_close(parameters(alone), parameters(among), rtol=1e-4, atol=1e-5)


def test_a_penalty_keeps_the_parameters_small(dataset: ImageSet) -> None:
    [plain] = train_seeds(dataset, RECIPE, [0])
    [penalised] = train_seeds(dataset, replace(RECIPE, penalty=strong), [0])
    assert penalised.history.norm[-1] < plain.history.norm[-1]


def test_the_default_model_is_the_face_classifier() -> None:
    images = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
    black = ImageSet(images, torch.zeros(4, dtype=torch.long), ("a", "b", "c"))
    recipe = Recipe(train_images=2, val_images=2, epochs=1)
    [run] = train_seeds(black, recipe, [0])
    assert sum(p.numel() for p in run.model.parameters()) == 397_571


def test_other_random_numbers_go_on_as_if_nothing_had_been_trained(dataset: ImageSet) -> None:
    torch.manual_seed(1)
    torchs, pythons = torch.get_rng_state(), random.getstate()
    numpys = np.random.get_state(legacy=False)["state"]
    train_seeds(dataset, replace(RECIPE, penalty=squares), range(3))
    assert torch.equal(torch.get_rng_state(), torchs)
    assert random.getstate() == pythons
    after = np.random.get_state(legacy=False)["state"]
    assert np.array_equal(after["key"], numpys["key"])
    assert after["pos"] == numpys["pos"]


def test_training_leaves_the_data_as_they_are(dataset: ImageSet) -> None:
    images, labels = dataset.images.clone(), dataset.labels.clone()
    train_seeds(dataset, RECIPE, range(2))
    assert torch.equal(dataset.images, images)
    assert torch.equal(dataset.labels, labels)


def failing(model: nn.Module) -> Tensor:
    raise ZeroDivisionError


def test_the_number_of_threads_is_put_back_even_after_an_error(dataset: ImageSet) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        train_seeds(dataset, RECIPE, [0])
        assert torch.get_num_threads() == 2
        with pytest.raises(ZeroDivisionError):
            train_seeds(dataset, replace(RECIPE, penalty=failing), [0])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_more_images_than_there_are_is_an_error_with_both_numbers(dataset: ImageSet) -> None:
    with pytest.raises(ValueError, match="72 images asked for, but 60"):
        train_seeds(dataset, replace(RECIPE, train_images=60), [0])


def brightness(images: Tensor, generator: torch.Generator) -> Tensor:
    return images + torch.rand((), generator=generator)


def all_first(images: ImageSet, seed: int) -> ImageSet:
    return replace(images, labels=torch.full_like(images.labels, seed % 3))


def test_training_images_are_augmented_from_the_seed_alone(dataset: ImageSet) -> None:
    augmented = replace(RECIPE, augment=brightness)
    [first], [second] = train_seeds(dataset, augmented, [7]), train_seeds(dataset, augmented, [7])
    [plain] = train_seeds(dataset, RECIPE, [7])
    assert torch.equal(parameters(first), parameters(second))
    assert not torch.equal(parameters(first), parameters(plain))


def test_validation_images_are_never_augmented(dataset: ImageSet) -> None:
    still = replace(STANDSTILL, augment=brightness)
    [augmented], [plain] = train_seeds(dataset, still, [7]), train_seeds(dataset, STANDSTILL, [7])
    assert augmented.history.val_loss == pytest.approx(plain.history.val_loss)
    assert augmented.history.train_loss != pytest.approx(plain.history.train_loss)


def test_shuffling_changes_the_batches_but_not_the_images(dataset: ImageSet) -> None:
    shuffled = replace(SHORT_BATCHES, shuffle=True)
    [first], [plain] = train_seeds(dataset, shuffled, [7]), train_seeds(dataset, SHORT_BATCHES, [7])
    assert not torch.allclose(parameters(first), parameters(plain))
    still = [replace(STANDSTILL, batch_size=4, shuffle=choice) for choice in (True, False)]
    losses = [train_seeds(dataset, recipe, [7])[0].history.train_loss for recipe in still]
    assert losses[0] == pytest.approx(losses[1])


def test_preparation_gets_the_seed_and_changes_the_training_set_alone(dataset: ImageSet) -> None:
    recipe = replace(RECIPE, prepare=all_first, epochs=200)
    for run in train_seeds(dataset, recipe, [4, 5]):
        guesses = run.model(normalize(dataset.images)).argmax(dim=1)
        assert (guesses == run.seed % 3).all()
        assert run.history.train_accuracy[-1] == 1
        assert run.history.val_accuracy[-1] < 1


# --- what is said about runs ---


def test_accuracies_on_a_set_are_those_of_its_models(dataset: ImageSet) -> None:
    runs = train_seeds(dataset, RECIPE, range(3))
    expected = [accuracy(run.model, BatchLoader(dataset, batch_size=7)) for run in runs]
    assert accuracies_on(runs, dataset) == expected


def test_gain_is_that_of_the_pairs() -> None:
    found = paired_gain([0.5, 0.9, 0.4], [0.4, 0.7, 0.5])
    differences = np.array([0.1, 0.2, -0.1])
    assert found.mean == pytest.approx(differences.mean())
    assert found.standard_error == pytest.approx(differences.std(ddof=1) / 3**0.5)
    assert str(found) == "+6.7 ± 8.8 points, better for 2 of 3 seeds"


def test_gain_over_one_seed_has_no_known_error() -> None:
    assert np.isnan(paired_gain([0.5], [0.4]).standard_error)


def test_gain_wants_pairs() -> None:
    with pytest.raises(ValueError, match="zip"):
        paired_gain([0.5, 0.6], [0.4])


def run_with(val_accuracy: list[float], *, train_accuracy: float = 1.0) -> Run:
    history = History()
    for value in val_accuracy:
        history.append(Score(train_accuracy, 0.0), Score(value, 0.0), 1.0)
    return Run(0, tiny_net(), history)


def test_late_accuracy_is_the_mean_over_runs_and_last_epochs() -> None:
    runs = [run_with([0.9, 0.5, 0.7]), run_with([0.0, 0.1, 0.3])]
    assert late_accuracy(runs, epochs=2) == pytest.approx((0.6 + 0.2) / 2)


def test_late_accuracy_looks_at_twenty_epochs() -> None:
    assert late_accuracy([run_with([0.0] * 5 + [0.5] * 20)]) == pytest.approx(0.5)


def test_late_accuracy_of_a_short_run_is_that_of_all_its_epochs() -> None:
    assert late_accuracy([run_with([0.2, 0.4])]) == pytest.approx(0.3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.integers(1, 50))
def test_late_accuracy_never_flatters(values: list[float], epochs: int) -> None:
    late = late_accuracy([run_with(values)], epochs=epochs)
    assert min(values) - 1e-12 <= late <= max(values) + 1e-12


def test_summary_has_mean_and_spread_in_percent() -> None:
    runs = [run_with([0.5], train_accuracy=1.0), run_with([0.6], train_accuracy=0.9)]
    assert summarise(runs) == "training 95.0 % ± 5.0, validation 55.0 % ± 5.0."


def test_a_single_run_has_no_spread() -> None:
    assert summarise([run_with([0.25])]) == "training 100.0 % ± 0.0, validation 25.0 % ± 0.0."


# --- train_recipes ---


def test_recipes_at_once_give_what_each_gives_alone(dataset: ImageSet) -> None:
    recipes = [RECIPE, replace(RECIPE, lr=0.01), replace(RECIPE, momentum=0.5, val_images=7)]
    together = train_recipes(dataset, recipes, 3)
    for recipe, run in zip(recipes, together, strict=True):
        [alone] = train_seeds(dataset, recipe, [3])
        assert run.seed == 3
        assert run.history.val_accuracy == alone.history.val_accuracy
        torch.testing.assert_close(run.history.norm, alone.history.norm)


def test_recipes_of_different_length_are_refused(dataset: ImageSet) -> None:
    with pytest.raises(ValueError, match=r"same number of epochs, not \[3, 4\]"):
        train_recipes(dataset, [RECIPE, replace(RECIPE, epochs=3)], 0)


def test_no_recipes_give_no_runs(dataset: ImageSet) -> None:
    assert train_recipes(dataset, [], 0) == []


# --- what may happen before a step ---


def halve_from_step_4(step: int, optimizer: Optimizer) -> None:
    if step == 4:
        for group in optimizer.param_groups:
            group["lr"] = 0.5 * group["lr"]


def coast_from_step_4(step: int, optimizer: Optimizer) -> None:
    if step >= 4:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad.zero_()


@pytest.mark.parametrize("before_step", [halve_from_step_4, coast_from_step_4])
def test_before_step_acts_as_in_a_plain_loop(dataset: ImageSet, before_step: BeforeStep) -> None:
    recipe = replace(SHORT_BATCHES, before_step=before_step)  # 4 epochs of 3 steps
    [run] = train_seeds(dataset, recipe, [5])
    plain = by_hand(dataset, replace(recipe, before_step=None), 5, before_step)
    for parameter, other in zip(run.model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(parameter, other, atol=1e-5)


def by_hand(dataset: ImageSet, recipe: Recipe, seed: int, before_step: BeforeStep) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = recipe.make_model()
    train, _ = split(dataset, (recipe.train_images, recipe.val_images), seed=seed)
    optimizer = SGD(model.parameters(), lr=recipe.lr, momentum=recipe.momentum)
    loader = BatchLoader(train, batch_size=recipe.batch_size)
    batches = [batch for _ in range(recipe.epochs) for batch in loader]
    for step, (images, labels) in enumerate(batches):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        before_step(step, optimizer)
        optimizer.step()
    return model


def test_each_run_counts_its_own_steps(dataset: ImageSet) -> None:
    seen: list[int] = []
    recipe = replace(RECIPE, before_step=lambda step, _: seen.append(step))
    train_seeds(dataset, recipe, [1, 2])
    assert sorted(seen) == [0, 0, 1, 1, 2, 2, 3, 3]
