"""Many runs at once give what one run after another gives."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from helpers.data import BatchLoader
from helpers.data.images import ImageSet
from helpers.data.loader import Augmentation
from helpers.models import MLP
from helpers.training import fit
from helpers.training.loop import History, Penalty
from helpers.training.rotation import Rotation
from helpers.training.stacks import Stack
from helpers.training.sweeps import Task, fit_many

PIXELS = 3 * 4 * 4
FIELDS = ("train_accuracy", "train_loss", "val_accuracy", "val_loss", "norm")


def image_set(count: int, seed: int) -> ImageSet:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, 4, 4), dtype=torch.uint8, generator=generator)
    return ImageSet(images, torch.arange(count) % 3, ("a", "b", "c"))


def l1(model: nn.Module) -> Tensor:
    return sum((p.abs().sum() for p in model.parameters()), torch.tensor(0.0))


def l2(model: nn.Module) -> Tensor:
    total = torch.zeros(1, dtype=torch.float64)
    for parameter in model.parameters():
        total += parameter.square().sum()
    return total


PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "L1": lambda model: 0.01 * l1(model),
    "L2": lambda model: 0.05 * l2(model),
    "first layer only": lambda model: 0.1 * layers(model)[0].weight.square().sum(),
    "number": lambda model: 0.5,  # type: ignore[dict-item,return-value]
}
OPTIMIZERS: dict[str, Callable[[Iterator[nn.Parameter], float], Optimizer]] = {
    "SGD": lambda p, lr: SGD(p, lr=lr),
    "momentum": lambda p, lr: SGD(p, lr=lr, momentum=0.9),
    "nesterov": lambda p, lr: SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "weight decay": lambda p, lr: SGD(p, lr=lr, momentum=0.5, weight_decay=0.1),
    "Adam": lambda p, lr: Adam(p, lr=lr),
}


def add_noise(images: Tensor, generator: torch.Generator) -> Tensor:
    return images + 0.1 * torch.randn(images.shape, generator=generator)


@dataclass(frozen=True)
class Setting:
    """What a task is made from."""

    sizes: tuple[int, ...] = (PIXELS, 5, 3)
    slope: float = 0.0
    dropout: float = 0.5
    penalty: Penalty | None = None
    optimizer: str = "momentum"
    lr: float = 0.02
    train: int = 8
    batch: int = 3
    shuffle: bool = True
    augment: Augmentation | None = None


PLAIN = Setting()
SETTINGS = st.builds(
    Setting,
    sizes=st.lists(st.integers(1, 6), min_size=1, max_size=2).map(lambda x: (PIXELS, *x, 3)),
    slope=st.sampled_from([0.0, 0.1]),
    dropout=st.sampled_from([0.0, 0.5]),
    penalty=st.sampled_from(list(PENALTIES.values())),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    lr=st.sampled_from([0.001, 0.02]),
    train=st.integers(1, 60),
    batch=st.integers(1, 70),
    shuffle=st.booleans(),
    augment=st.sampled_from([None, add_noise]),
)


def make_task(setting: Setting, seed: int) -> Task:
    torch.manual_seed(seed)
    dropout = [setting.dropout] * (len(setting.sizes) - 2)
    model = MLP(setting.sizes, negative_slope=setting.slope, dropout=dropout).double()
    train_loader = BatchLoader(
        image_set(setting.train, seed),
        batch_size=setting.batch,
        shuffle=setting.shuffle,
        augment=setting.augment,
        seed=seed,
    )
    val_loader = BatchLoader(image_set(11, seed + 100), batch_size=4)
    for loader in (train_loader, val_loader):
        loader.images = loader.images.double()
    optimizer = OPTIMIZERS[setting.optimizer](model.parameters(), setting.lr)
    return Task(model, train_loader, val_loader, optimizer, setting.penalty, seed)


def first_layer(task: Task) -> nn.Linear:
    return layers(task.model)[0]


def layers(model: nn.Module) -> list[nn.Linear]:
    return [layer for layer in model.modules() if isinstance(layer, nn.Linear)]


def fit_alone(task: Task, epochs: int) -> History:
    torch.manual_seed(task.seed)
    arguments = (task.model, task.train_loader, task.val_loader, task.optimizer)
    return fit(*arguments, epochs=epochs, penalty=task.penalty)


def assert_same_runs(
    together: Sequence[Task],
    alone: Sequence[Task],
    histories: Sequence[History],
    oracles: Sequence[History],
    *,
    rtol: float = 1e-9,
) -> None:
    for task, twin, history, oracle in zip(together, alone, histories, oracles, strict=True):
        for name in FIELDS:
            found = torch.tensor(getattr(history, name), dtype=torch.float64)
            expected = torch.tensor(getattr(oracle, name), dtype=torch.float64)
            torch.testing.assert_close(found, expected, rtol=rtol, atol=1e-10, msg=name)
        for ours, theirs in zip(task.model.parameters(), twin.model.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-7, atol=1e-9)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(choices=st.lists(SETTINGS, min_size=1, max_size=3), copies=st.integers(1, 3))
def test_runs_agree_with_fit_whatever_they_mix(choices: list[Setting], copies: int) -> None:
    def make() -> list[Task]:
        return [make_task(choice, seed) for choice in choices for seed in range(copies)]

    together, alone = make(), make()
    histories = fit_many(together, epochs=3)
    assert_same_runs(together, alone, histories, [fit_alone(task, 3) for task in alone])


def test_little_memory_means_chunks_and_changes_nothing() -> None:
    roomy, tight = ([make_task(PLAIN, seed) for seed in range(5)] for _ in range(2))
    histories, chunked = fit_many(roomy, epochs=4), fit_many(tight, epochs=4, memory=1)
    assert_same_runs(roomy, tight, histories, chunked, rtol=1e-12)


@pytest.mark.slow
def test_accuracies_are_equal_in_every_epoch_over_a_long_run() -> None:
    setting = replace(PLAIN, train=30, batch=128, shuffle=False, dropout=0.0)
    together, alone = ([make_task(setting, seed) for seed in range(3)] for _ in range(2))
    histories = fit_many(together, epochs=150)
    for history, task in zip(histories, alone, strict=True):
        oracle = fit_alone(task, 150)
        assert history.train_accuracy == oracle.train_accuracy
        assert history.val_accuracy == oracle.val_accuracy
        assert history.norm == pytest.approx(oracle.norm, rel=1e-12)


def test_model_that_is_no_mlp_is_trained_too() -> None:
    def make() -> Task:
        task = make_task(PLAIN, 0)
        torch.manual_seed(1)
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(PIXELS, 4), nn.Tanh(), nn.Linear(4, 3)
        ).double()
        return Task(model, task.train_loader, task.val_loader, SGD(model.parameters(), lr=0.01))

    together, alone = make(), make()
    assert_same_runs([together], [alone], fit_many([together], epochs=3), [fit_alone(alone, 3)])


def test_models_own_their_parameters_again_afterwards() -> None:
    tasks = [make_task(PLAIN, seed) for seed in range(2)]
    fit_many(tasks, epochs=1)
    first, second = (layers(task.model)[1].weight for task in tasks)
    before = second.detach().clone()
    with torch.no_grad():
        first.add_(1.0)
    assert torch.equal(second, before)
    assert first.grad is None
    assert not tasks[0].optimizer.state


def test_models_own_their_parameters_again_after_a_failing_penalty() -> None:
    def broken(model: nn.Module) -> Tensor:
        raise ValueError("not today")

    task = make_task(replace(PLAIN, penalty=broken), 0)
    before = copy.deepcopy(task.model.state_dict())
    with pytest.raises(ValueError, match="not today"):
        fit_many([task], epochs=1)
    after = task.model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert first_layer(task).weight.grad is None


def test_penalty_that_returns_nothing_is_an_error_as_in_fit() -> None:
    def forgotten(model: nn.Module) -> Any:
        return None

    task = make_task(replace(PLAIN, penalty=forgotten), 0)
    with pytest.raises(TypeError):
        fit_many([task], epochs=1)


def test_global_random_stream_is_left_alone() -> None:
    torch.manual_seed(9)
    expected = torch.rand(1)
    tasks = [make_task(PLAIN, 0)]
    torch.manual_seed(9)
    fit_many(tasks, epochs=2)
    assert torch.equal(torch.rand(1), expected)


def test_number_of_threads_is_restored() -> None:
    before = torch.get_num_threads()
    fit_many([make_task(PLAIN, 0)], epochs=1)
    assert torch.get_num_threads() == before


def test_no_tasks_give_no_histories() -> None:
    assert fit_many([], epochs=3) == []


class Scaled(MLP):
    """An MLP that does something else with the same parameters."""

    def forward(self, inputs: Tensor) -> Tensor:
        return 10 * super().forward(inputs)


def test_subclass_is_trained_by_its_own_forward() -> None:
    together, alone = (make_task(replace(PLAIN, dropout=0.0), 0) for _ in range(2))
    for task in (together, alone):
        task.model.__class__ = Scaled
    assert_same_runs([together], [alone], fit_many([together], epochs=3), [fit_alone(alone, 3)])


def test_frozen_layer_stays_as_it_is() -> None:
    task = make_task(PLAIN, 0)
    frozen = first_layer(task).weight.requires_grad_(False)
    before = frozen.clone()
    fit_many([task], epochs=2)
    assert torch.equal(frozen, before)


def test_momentum_of_earlier_training_is_used() -> None:
    together, alone = (make_task(replace(PLAIN, shuffle=False), 0) for _ in range(2))
    for task in (together, alone):
        fit_alone(task, 2)
    assert_same_runs([together], [alone], fit_many([together], epochs=2), [fit_alone(alone, 2)])


def test_interrupted_run_leaves_a_model_for_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    task = make_task(PLAIN, 0)  # few images, no penalty: trained in coordinates
    before = first_layer(task).weight.detach().clone()
    monkeypatch.setattr(Stack, "backward", interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit_many([task], epochs=1)
    torch.testing.assert_close(first_layer(task).weight.detach(), before)


def test_failure_half_way_into_coordinates_leaves_every_model_for_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def enter_once(rotation: Rotation, layer: nn.Linear) -> Tensor:
        monkeypatch.setattr(Rotation, "enter", fail)
        return enter(rotation, layer)

    def fail(*_: object) -> None:
        raise MemoryError

    enter = Rotation.enter
    tasks = [make_task(PLAIN, seed) for seed in range(2)]
    monkeypatch.setattr(Rotation, "enter", enter_once)
    with pytest.raises(MemoryError):
        fit_many(tasks, epochs=1)
    assert [first_layer(task).weight.shape for task in tasks] == [(5, PIXELS)] * 2


def test_models_are_left_in_evaluation_mode() -> None:
    task = make_task(PLAIN, 0)
    fit_many([task], epochs=1)
    assert not task.model.training


def test_dropping_everything_is_allowed() -> None:
    together, alone = (make_task(replace(PLAIN, dropout=1.0), 0) for _ in range(2))
    assert_same_runs([together], [alone], fit_many([together], epochs=2), [fit_alone(alone, 2)])


def test_no_epochs_give_an_empty_history() -> None:
    assert [len(history) for history in fit_many([make_task(PLAIN, 0)], epochs=0)] == [0]


@pytest.mark.slow
@pytest.mark.parametrize("penalty", ["none", "L1"])
def test_single_precision_stays_within_two_images_over_a_long_run(penalty: str) -> None:
    long = replace(PLAIN, train=30, batch=128, shuffle=False, dropout=0.0)
    setting = replace(long, penalty=PENALTIES[penalty])
    together, alone = ([make_task(setting, seed) for seed in range(3)] for _ in range(2))
    for task in [*together, *alone]:
        task.model.float()
        for loader in (task.train_loader, task.val_loader):
            loader.images = loader.images.float()
    for history, task in zip(fit_many(together, epochs=150), alone, strict=True):
        oracle = fit_alone(task, 150)
        for ours, theirs, count in (
            (history.train_accuracy, oracle.train_accuracy, 30),
            (history.val_accuracy, oracle.val_accuracy, 11),
        ):
            pairs = zip(ours, theirs, strict=True)
            assert max(abs(round(a * count) - round(b * count)) for a, b in pairs) <= 2
