"""The surface has the shape that it promises, and paths over it are those of the given update."""

import pytest
import torch

from helpers.surfaces import Update, descend, make_surface

ALL = torch.arange(32)
START = (4.0, 2.0)


def plain(rate: float) -> Update:
    return lambda w, v, gradient: (w - rate * gradient, v)


def test_minimum_and_curvatures_are_as_asked() -> None:
    surface = make_surface(3, curvatures=(2.0, 0.5))
    assert surface.gradient(surface.minimum, ALL).abs().max() < 1e-12
    hessian = surface.inputs.T @ surface.inputs / 32
    assert torch.allclose(hessian, torch.diag(torch.tensor([0.5, 2.0], dtype=torch.float64)))


def test_loss_of_a_grid_of_weights_and_its_gradient() -> None:
    surface = make_surface(0)
    weights = torch.randn(5, 4, 2, dtype=torch.float64, requires_grad=True)
    losses = surface.loss(weights)
    assert losses.shape == (5, 4)
    [found] = torch.autograd.grad(losses.sum(), weights)
    expected = surface.gradient(weights[1, 2].detach(), ALL)
    assert torch.allclose(found[1, 2], expected)


def test_noise_is_the_loss_that_is_left() -> None:
    assert float(make_surface(0, noise=3.0).loss(torch.zeros(2, dtype=torch.float64))) == (
        pytest.approx(4.5)
    )


def test_whole_batch_descends_to_the_minimum_without_noise() -> None:
    surface = make_surface(0)
    path = descend(surface, plain(1.0), START, batch_size=32, steps=100)
    assert path.shape == (101, 2)
    assert path[0].tolist() == list(START)
    assert path[-1].norm() < 1e-3


def test_small_batches_keep_moving() -> None:
    surface = make_surface(0)
    path = descend(surface, plain(0.3), START, batch_size=1, steps=200)
    assert (path[101:] - path[100:-1]).norm(dim=1).mean() > 0.1


def test_same_seed_same_path() -> None:
    surface = make_surface(0)
    paths = [
        descend(surface, plain(0.1), START, batch_size=4, steps=20, seed=seed) for seed in (1, 1, 2)
    ]
    assert torch.equal(paths[0], paths[1])
    assert not torch.equal(paths[0], paths[2])


def test_path_ends_where_it_has_left_for_good() -> None:
    path = descend(make_surface(0), plain(3.0), START, batch_size=32, steps=500)
    assert len(path) < 100
    assert path.isfinite().all()


@pytest.mark.parametrize("size", [0, 33])
def test_impossible_batch_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 32"):
        descend(make_surface(0), plain(0.1), START, batch_size=size, steps=1)
