"""What a stack of networks computes is what autograd computes for each of them."""

import copy

import torch
from torch import nn

from helpers.models import MLP
from helpers.training.stacks import Stack, cross_entropy_error


def test_error_is_the_gradient_of_the_mean_cross_entropy() -> None:
    logits = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(0, 3, (2, 5))
    losses = [nn.functional.cross_entropy(x, y) for x, y in zip(logits, labels, strict=True)]
    [expected] = torch.autograd.grad(torch.stack(losses).sum(), logits)
    torch.testing.assert_close(cross_entropy_error(logits.detach(), labels), expected)


def test_stack_gradients_are_those_of_autograd() -> None:
    torch.manual_seed(0)
    models = [MLP((4, 5, 6, 3), negative_slope=0.1).double() for _ in range(3)]
    twins = copy.deepcopy(models)
    inputs, labels = torch.randn(3, 7, 4).double(), torch.randint(0, 3, (3, 7))
    stack = Stack(models)
    activations = stack.forward(inputs)
    stack.backward(activations, cross_entropy_error(activations[-1], labels))
    for run, twin in enumerate(twins):
        nn.functional.cross_entropy(twin(inputs[run]), labels[run]).backward()
        for ours, theirs in zip(models[run].parameters(), twin.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad)
