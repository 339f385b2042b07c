"""The toy regression: its data, and many curves at once against one after another."""

import pytest
import torch

from helpers.curves import CurveTask, curve_optimizer, fit_curve, fit_curves, make_curve_data
from helpers.models import MLP

RECORD = (1, 7, 20)


def small_net(dropout: float = 0.0) -> MLP:
    torch.manual_seed(0)
    return MLP((1, 6, 5, 1), negative_slope=0.01, dropout=(dropout, dropout))


def test_data_are_sorted_and_noisy_around_the_line() -> None:
    data = make_curve_data(0, points=4000)
    assert torch.equal(data.inputs, data.inputs.sort(dim=0).values)
    noise = data.targets - 2 * data.inputs
    assert noise.mean().item() == pytest.approx(0.0, abs=0.1)
    assert noise.std().item() == pytest.approx(2.0, rel=0.05)
    assert torch.equal(data.test_targets, 2 * data.test_inputs)


def test_measurements_belong_to_the_chosen_steps() -> None:
    model = small_net()
    data = make_curve_data(0)
    history = fit_curve(model, data, curve_optimizer(model), steps=20, record=RECORD)
    assert history.steps == list(RECORD)
    assert history.predictions[0].shape == (40,)
    last = (history.predictions[-1] - data.test_targets[:, 0]).square().mean()
    assert history.test_loss[-1] == pytest.approx(last.item())
    assert torch.equal(history.predictions[-1], model.eval()(data.test_inputs)[:, 0])


@pytest.mark.slow
def test_training_lowers_the_training_loss() -> None:
    model = small_net()
    optimizer = curve_optimizer(model, lr=1e-2)
    history = fit_curve(model, make_curve_data(0), optimizer, steps=300, record=(1, 300))
    assert history.train_loss[1] < history.train_loss[0]


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_many_curves_agree_with_one_after_another(dropout: float) -> None:
    tasks = []
    for seed in range(3):
        model = small_net(dropout).double()
        data = make_curve_data(seed)
        doubles = {name: tensor.double() for name, tensor in vars(data).items()}
        tasks.append(CurveTask(model, type(data)(**doubles), curve_optimizer(model, lr=1e-2), seed))
    histories = fit_curves(tasks, steps=20, record=RECORD)
    for task, history in zip(tasks, histories, strict=True):
        model = small_net(dropout).double()
        torch.manual_seed(task.seed)
        optimizer = curve_optimizer(model, lr=1e-2)
        oracle = fit_curve(model, task.data, optimizer, steps=20, record=RECORD)
        # Adam divides by a running mean that starts near 0, which enlarges differences in rounding.
        for name in ("train_loss", "test_loss", "norm"):
            assert getattr(history, name) == pytest.approx(getattr(oracle, name), rel=1e-9)
        for ours, theirs in zip(history.predictions, oracle.predictions, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_no_curves_give_no_histories() -> None:
    assert fit_curves([], steps=3, record=RECORD) == []
