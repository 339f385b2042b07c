"""Gradients across the border: a tensor whose graph is in the other process.

Where a value is used, it becomes the output of an autograd node, whose backward asks the process
that computed it for the vector-Jacobian product (reverse mode; Baydin et al. 2018, section 3.2).
Which process trusts which makes no difference here: gradients are values like all others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

Ask = Callable[[Tensor], Sequence[Tensor]]


@dataclass
class Graphs:
    """Hold the tensors of this process for whose gradients the other one may ask."""

    outputs: list[tuple[Tensor, list[Tensor]]] = field(default_factory=list)

    def keep(self, output: Tensor, leaves: list[Tensor]) -> int:
        """Keep a tensor with the leaves that gradients may flow back to; return its number."""
        self.outputs.append((output, leaves))
        return len(self.outputs) - 1

    def product(self, number: int, grad: Tensor) -> list[Tensor]:
        """Return the product of `grad` with the Jacobian of an output, for each of its leaves.

        Raises `IndexError` for an unknown number, and what autograd raises.
        """
        output, leaves = self.outputs[number]
        if not leaves:
            return []
        # The graph is kept, as the other side may ask again.
        products = torch.autograd.grad(output, leaves, grad, retain_graph=True, allow_unused=True)
        # A leaf that the output does not depend on has None, which does not cross as a tensor.
        return [
            torch.zeros_like(leaf) if product is None else product
            for product, leaf in zip(products, leaves, strict=True)
        ]


class _Elsewhere(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ask: Ask, value: Tensor, *leaves: Tensor) -> Tensor:
        ctx.ask, ctx.shapes = ask, [leaf.shape for leaf in leaves]
        return value.clone()  # the value may be in use elsewhere: it must not change with this

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        products = list(ctx.ask(grad))
        # The answer may be anybody's. autograd itself would sum some wrong shapes into right ones.
        if [product.shape for product in products] != ctx.shapes:
            raise RuntimeError("the other process gave gradients of other shapes")
        return None, None, *products


def attach(value: Tensor, leaves: Sequence[Tensor], ask: Ask) -> Tensor:
    """Return `value` as a tensor whose gradient with respect to `leaves` comes from `ask`."""
    if not leaves:
        # No gradient can flow back, but the value still says that it wants one.
        return value.detach().requires_grad_()
    result: Tensor = _Elsewhere.apply(ask, value, *leaves)
    return result
