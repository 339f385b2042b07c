"""A gradient across the border is the one that autograd finds on one side of it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course.grading.border.gradients import Graphs, attach

FUNCTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "sum": lambda x, y: (x * y).sum(),
    "vector": lambda x, y: x**3 + y.exp(),
    "matrix": lambda x, y: torch.outer(x, y.sin()),
    "one unused": lambda x, y: 2 * x,
}


def elsewhere(value: Tensor, leaves: list[Tensor], graphs: Graphs) -> Tensor:
    """Return `value` as the other process has it, whose graph is in `graphs`."""
    number = graphs.keep(value, leaves)
    return attach(value.detach(), leaves, lambda grad: graphs.product(number, grad))


@pytest.fixture
def leaves() -> list[Tensor]:
    x, y = torch.tensor([1.0, -2.0, 3.0]), torch.tensor([0.5, 0.0, 2.0])
    return [x.requires_grad_(), y.requires_grad_()]


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_the_chain_rule_goes_through(
    function: Callable[[Tensor, Tensor], Tensor], leaves: list[Tensor]
) -> None:
    whole = (2 * function(*leaves)).cos().sum()
    expected = torch.autograd.grad(whole, leaves, allow_unused=True, materialize_grads=True)
    crossed = elsewhere(function(*leaves), leaves, Graphs())
    found = torch.autograd.grad((2 * crossed).cos().sum(), leaves)
    assert all(map(torch.allclose, found, expected))


def test_a_gradient_may_be_asked_for_again(leaves: list[Tensor]) -> None:
    graphs = Graphs()
    number = graphs.keep((leaves[0] ** 2).sum(), leaves)
    products = [graphs.product(number, torch.tensor(3.0)) for _ in range(2)]
    assert all(map(torch.equal, *products))
    assert torch.equal(products[0][0], 6 * leaves[0])


def test_outputs_keep_their_numbers(leaves: list[Tensor]) -> None:
    graphs = Graphs()
    numbers = [graphs.keep(factor * leaves[0].sum(), leaves[:1]) for factor in (1, 2, 3)]
    found = [graphs.product(number, torch.tensor(1.0))[0][0].item() for number in numbers]
    assert found == [1, 2, 3]


def test_what_was_never_kept_has_no_gradient() -> None:
    with pytest.raises(IndexError):
        Graphs().product(0, torch.ones(1))


def test_without_leaves_there_is_nothing_to_ask_for() -> None:
    graphs = Graphs()
    assert graphs.product(graphs.keep(torch.ones(1), []), torch.ones(1)) == []


def test_a_tensor_without_leaves_wants_a_gradient_of_its_own() -> None:
    value = torch.ones(2, requires_grad=True)
    apart = attach(value, [], lambda grad: [])
    apart.sum().backward()
    assert value.grad is None
    assert apart.grad is not None


def test_what_is_attached_is_no_view_of_the_value(leaves: list[Tensor]) -> None:
    value = torch.zeros(3)
    attached = attach(value, leaves, lambda grad: [grad, grad])
    attached.detach().add_(1)
    assert value.tolist() == [0, 0, 0]


@pytest.mark.parametrize("given", [[], [torch.ones(2)], [torch.ones(3), torch.ones(2)]])
def test_gradients_of_other_shapes_are_refused(leaves: list[Tensor], given: list[Tensor]) -> None:
    attached = attach(torch.ones(3), leaves, lambda grad: given)
    with pytest.raises(RuntimeError, match="gradients of other shapes"):
        attached.sum().backward()


def test_there_is_no_second_derivative(leaves: list[Tensor]) -> None:
    crossed = elsewhere((leaves[0] ** 3).sum(), leaves[:1], Graphs())
    [first] = torch.autograd.grad(crossed, leaves[:1], create_graph=True)
    with pytest.raises(RuntimeError):
        first.sum().backward()
