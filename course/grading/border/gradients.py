"""Gradients across the border: a tensor whose graph is in the other process.

Where a value is used, it becomes the output of an autograd node, whose backward asks the process
that computed it for the vector-Jacobian product (reverse mode; Baydin et al. 2018, section 3.2).
Which process trusts which makes no difference here: gradients are values like all others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass
class Graphs:
    """Hold the tensors of this process for whose gradients the other one may ask."""

    outputs: "list[tuple[Tensor, list[Tensor]]]" = field(default_factory=list)

    def keep(self, output: "Tensor", leaves: "list[Tensor]") -> int:
        """Keep a tensor with the leaves that gradients may flow back to; return its number."""
        self.outputs.append((output, leaves))
        return len(self.outputs) - 1

    def product(self, number: int, grad: "Tensor") -> "list[Tensor]":
        """Return the product of `grad` with the Jacobian of an output, for each of its leaves.

        Raises `IndexError` for an unknown number, and what autograd raises.
        """
        output, leaves = self.outputs[number]
        if not leaves:
            return []
        from course.grading.border.torch_values import vector_jacobian

        return vector_jacobian(output, leaves, grad)


def attach(
    value: "Tensor",
    leaves: "Sequence[Tensor]",
    ask: "Callable[[Tensor], Sequence[Tensor]]",
) -> "Tensor":
    """Return `value` as a tensor whose gradient with respect to `leaves` comes from `ask`."""
    if not leaves:
        # No gradient can flow back, but the value still says that it wants one.
        return value.detach().requires_grad_()
    from course.grading.border.torch_values import Elsewhere

    result: Tensor = Elsewhere.apply(ask, value, *leaves)
    return result
