"""The networks that the lessons train: plain multi-layer perceptrons that return raw logits."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

PIXELS = 3 * 32 * 32
CLASSES = 3


class MLP(nn.Module):
    """A multi-layer perceptron with leaky ReLU between its layers and optional dropout.

    `sizes` lists the widths from input to output. `negative_slope` 0 gives a plain ReLU. `dropout`
    holds one probability for each hidden layer.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        negative_slope: float = 0.0,
        dropout: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        hidden = len(sizes) - 2
        if dropout is not None and len(dropout) != hidden:
            raise ValueError(f"dropout needs {hidden} probabilities, one for each hidden layer")
        self.sizes = tuple(sizes)
        self.negative_slope = negative_slope
        self.dropout = tuple(dropout or [0.0] * hidden)
        self.layers = nn.ModuleList(map(nn.Linear, sizes[:-1], sizes[1:]))
        self.dropouts = nn.ModuleList(map(nn.Dropout, self.dropout))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits (batch, sizes[-1]) for inputs of any shape (batch, ...)."""
        hidden = inputs.flatten(start_dim=1)  # (batch, sizes[0])
        *inner, last = self.layers
        for layer, dropout in zip(inner, self.dropouts, strict=True):
            hidden = F.leaky_relu(dropout(layer(hidden)), self.negative_slope)
        logits: Tensor = last(hidden)
        return logits

    @property
    def linear_layers(self) -> list[nn.Linear]:
        """Return the layers that have parameters, from input to output."""
        return [layer for layer in self.layers if isinstance(layer, nn.Linear)]


def animal_net() -> MLP:
    """Return the course's standard face classifier: 3072-128-32-3, ReLU, 397,571 parameters."""
    return MLP((PIXELS, 128, 32, CLASSES))


def slim_animal_net() -> MLP:
    """Return a slightly smaller classifier: 3072-124-64-3, leaky ReLU, 389,247 parameters."""
    return MLP((PIXELS, 124, 64, CLASSES), negative_slope=0.01)


def wide_animal_net(*, dropout: tuple[float, float] = (0.0, 0.0)) -> MLP:
    """Return a classifier twice as wide: 3072-248-210-3, leaky ReLU, 815,027 parameters."""
    return MLP((PIXELS, 248, 210, CLASSES), negative_slope=0.01, dropout=dropout)


def curve_net(*, dropout: tuple[float, float] = (0.0, 0.0)) -> MLP:
    """Return the network for curves in the plane: 1-300-500-1, leaky ReLU."""
    return MLP((1, 300, 500, 1), negative_slope=0.01, dropout=dropout)
