"""The noise of batch gradients is measured as the formula for independent draws says."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.gradients import gradient_noise, loss_gradient
from helpers.models import MLP

Batch = tuple[Tensor, Tensor]


@pytest.fixture
def model() -> MLP:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MLP((4, 5, 3))


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(40, 4, generator=generator), torch.arange(40) % 3


def test_gradient_is_that_of_backward_and_leaves_grad_alone(model: MLP, batch: Batch) -> None:
    images, labels = batch
    found = loss_gradient(model, images, labels)
    assert all(parameter.grad is None for parameter in model.parameters())
    F.cross_entropy(model(images), labels).backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    expected = torch.cat([gradient.flatten() for gradient in gradients if gradient is not None])
    assert torch.allclose(found, expected)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 4, 16])
def test_noise_is_that_of_single_images_over_the_root_of_the_size(
    model: MLP, batch: Batch, size: int
) -> None:
    images, labels = batch
    rows = range(len(labels))
    single = [loss_gradient(model, images[i : i + 1], labels[i : i + 1]) for i in rows]
    spread = torch.stack(single).var(dim=0, correction=0).sum().sqrt()
    noise = gradient_noise(
        model, *batch, batch_size=size, draws=400, generator=torch.Generator().manual_seed(1)
    )
    assert noise == pytest.approx(float(spread) / size**0.5, rel=0.15)


def test_same_generator_same_noise_and_no_other_stream_is_touched(model: MLP, batch: Batch) -> None:
    state = torch.get_rng_state()
    first, second = (
        gradient_noise(
            model, *batch, batch_size=2, draws=5, generator=torch.Generator().manual_seed(1)
        )
        for _ in range(2)
    )
    assert first == second
    assert torch.equal(torch.get_rng_state(), state)
