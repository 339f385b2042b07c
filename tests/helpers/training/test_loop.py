"""The training loop agrees with textbook formulas and with PyTorch's own pieces."""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.optim import SGD

from helpers.models import MLP
from helpers.training import accuracy, fit
from helpers.training.loop import evaluate, frobenius_norm, train_epoch

Batches = list[tuple[Tensor, Tensor]]


def toy_batches(count: int = 7, batch_size: int = 3) -> Batches:
    """Return `count` points in the plane in batches, the last one short."""
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(count, 2, generator=generator)
    labels = (points[:, 0] > points[:, 1]).long()
    return list(zip(points.split(batch_size), labels.split(batch_size), strict=True))


@pytest.fixture
def model() -> MLP:
    torch.manual_seed(0)
    return MLP((2, 8, 2))


class Constant(nn.Module):
    """Predict class 0 whatever the input."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, inputs: Tensor) -> Tensor:
        return torch.tensor([1.0, 0.0]).repeat(len(inputs), 1) + self.bias


def test_accuracy_counts_images_and_does_not_average_batches() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 0])
    batches = list(zip(torch.zeros(7, 2).split(3), labels.split(3), strict=True))
    assert accuracy(Constant(), batches) == pytest.approx(4 / 7)


def test_loss_is_the_cross_entropy_of_all_images_at_once(model: MLP) -> None:
    batches = toy_batches()
    points, labels = (torch.cat(part) for part in zip(*batches, strict=True))
    expected = F.cross_entropy(model(points), labels).item()
    assert evaluate(model, batches).loss == pytest.approx(expected, rel=1e-6)


def test_evaluation_switches_dropout_off() -> None:
    net = MLP((2, 50, 2), dropout=[0.5])
    assert evaluate(net, toy_batches()) == evaluate(net, toy_batches())


def test_epoch_takes_the_steps_that_sgd_takes_by_hand(model: MLP) -> None:
    twin, batches, lr = copy.deepcopy(model), toy_batches(), 0.1
    train_epoch(model, batches, SGD(model.parameters(), lr=lr))
    for points, labels in batches:
        loss = F.cross_entropy(twin(points), labels)
        gradients = torch.autograd.grad(loss, list(twin.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(twin.parameters(), gradients, strict=True):
                parameter.sub_(lr * gradient)
    for ours, oracle in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, oracle)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(lam=st.floats(1e-4, 0.5))
def test_squared_penalty_equals_weight_decay_of_twice_its_strength(lam: float) -> None:
    torch.manual_seed(1)
    model, batches = MLP((2, 8, 2)), toy_batches()
    twin = copy.deepcopy(model)

    def penalty(net: nn.Module) -> Tensor:
        return lam * torch.cat([p.flatten() for p in net.parameters()]).square().sum()

    fit(model, batches, batches, SGD(model.parameters(), lr=0.05), epochs=3, penalty=penalty)
    decayed = SGD(twin.parameters(), lr=0.05, weight_decay=2 * lam)
    fit(twin, batches, batches, decayed, epochs=3)
    for ours, oracle in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, oracle, rtol=1e-4, atol=1e-6)


def test_history_has_one_entry_an_epoch_and_ends_with_the_final_model(model: MLP) -> None:
    batches = toy_batches()
    history = fit(model, batches, batches, SGD(model.parameters(), lr=0.1), epochs=5)
    assert len(history) == 5
    assert {len(series) for series in vars(history).values()} == {5}
    assert history.val_accuracy[-1] == accuracy(model, batches)
    assert history.norm[-1] == frobenius_norm(model)


@pytest.mark.slow
def test_training_learns_a_separable_problem(model: MLP) -> None:
    batches = toy_batches(60, 20)
    history = fit(model, batches, batches, SGD(model.parameters(), lr=0.5), epochs=60)
    assert history.train_accuracy[-1] > 0.95
    assert history.train_loss[-1] < history.train_loss[0]


def test_fit_prints_nothing(model: MLP, capfd: pytest.CaptureFixture[str]) -> None:
    fit(model, toy_batches(), toy_batches(), SGD(model.parameters(), lr=0.1), epochs=2)
    assert capfd.readouterr() == ("", "")


def test_norm_is_the_root_of_the_sum_of_squares() -> None:
    net = nn.Linear(2, 1)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[3.0, 0.0]]))
        net.bias.copy_(torch.tensor([4.0]))
    assert frobenius_norm(net) == 5.0
