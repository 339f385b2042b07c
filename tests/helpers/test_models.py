"""The networks have the sizes that their names and docstrings promise."""

from collections.abc import Callable

import pytest
import torch

from helpers.models import MLP, animal_net, curve_net, slim_animal_net, wide_animal_net


@pytest.mark.parametrize(
    ("make", "parameters"),
    [(animal_net, 397_571), (slim_animal_net, 389_247), (wide_animal_net, 815_027)],
)
def test_number_of_parameters(make: Callable[[], MLP], parameters: int) -> None:
    assert sum(p.numel() for p in make().parameters()) == parameters


def test_slim_net_is_smaller_than_the_standard_one_and_wide_net_is_larger() -> None:
    sizes = [
        sum(p.numel() for p in make().parameters())
        for make in (slim_animal_net, animal_net, wide_animal_net)
    ]
    assert sizes == sorted(sizes)


def test_output_is_raw_logits_not_log_probabilities() -> None:
    logits = animal_net()(torch.rand(5, 3, 32, 32))
    assert logits.shape == (5, 3)
    assert not torch.allclose(logits.exp().sum(dim=1), torch.ones(5))


def test_same_seed_gives_the_parameters_of_layers_made_one_after_another() -> None:
    torch.manual_seed(3)
    layers = [torch.nn.Linear(1, 300), torch.nn.Linear(300, 500), torch.nn.Linear(500, 1)]
    torch.manual_seed(3)
    net = curve_net()
    oracle = [tensor for layer in layers for tensor in layer.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), oracle, strict=True))


def test_dropout_changes_training_output_only() -> None:
    net, images = wide_animal_net(dropout=(0.5, 0.3)), torch.rand(4, 3, 32, 32)
    net.train()
    assert not torch.equal(net(images), net(images))
    net.eval()
    assert torch.equal(net(images), net(images))


def test_negative_slope_lets_negative_activations_through() -> None:
    net = MLP((1, 1, 1), negative_slope=0.5)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.ones_like(parameter) if parameter.dim() > 1 else parameter * 0)
    assert net(torch.tensor([[-2.0]])).item() == -1.0


def test_wrong_number_of_dropout_probabilities_is_named() -> None:
    with pytest.raises(ValueError, match="needs 2 probabilities"):
        MLP((4, 3, 2, 1), dropout=[0.5])
