"""Several networks of one shape, computed together as batched matrix products.

What makes many runs cheap: one product over a stack of M matrices costs little more than the same
arithmetic in one large product, while M networks trained one after another pay PyTorch's overhead
M times. `helpers.training.sweeps` puts this to use; nothing in the lessons needs to know.
"""

from collections.abc import Sequence
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.models import MLP

Masks = Sequence[Tensor | None]


class Stack:
    """Hold the parameters of M networks in shared tensors, and compute with all at once.

    While a stack is in use, the networks' own parameters and gradients are views of its tensors:
    `weights[k]` is (M, out, in) and `biases[k]` (M, 1, out) for layer k. So an optimizer's step on
    a network, or a penalty computed from it, works on the stack without knowing. Use it in a `with`
    block, at whose end the networks get tensors of their own again.
    """

    def __init__(self, models: Sequence[MLP]) -> None:
        self.models = models
        self.negative_slope = models[0].negative_slope
        self.weights: list[Tensor] = []
        self.biases: list[Tensor] = []
        self.weight_gradients: list[Tensor] = []
        self.bias_gradients: list[Tensor] = []
        # Layer by layer: the first layers of all networks, then the second ones, and so on.
        for layers in zip(*(model.linear_layers for model in models), strict=True):
            weights = [layer.weight for layer in layers]
            biases = [layer.bias for layer in layers]
            self.weights.append(_share(weights))
            self.weight_gradients.append(_share_gradients(weights))
            # One more axis, so that a bias is added to every image of a batch.
            self.biases.append(_share(biases)[:, None])
            self.bias_gradients.append(_share_gradients(biases)[:, None])

    @property
    def dtype(self) -> torch.dtype:
        """Return the number format of the parameters."""
        return self.weights[0].dtype

    @property
    def device(self) -> torch.device:
        """Return where the parameters are."""
        return self.weights[0].device

    def forward(self, inputs: Tensor, masks: Masks = ()) -> list[Tensor]:
        """Return the activations of every layer, the inputs first and the logits last.

        `inputs` is (M, batch, features). `masks` holds for each hidden layer what dropout
        multiplies its activations by, or None; it is empty in evaluation.
        """
        activations = [inputs]
        last = len(self.weights) - 1
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, activations[-1], weight.mT)  # (M, batch, out)
            if k < last:
                if masks and (mask := masks[k]) is not None:
                    values *= mask
                values = F.leaky_relu_(values, self.negative_slope)
            activations.append(values)
        return activations

    def backward(self, activations: list[Tensor], error: Tensor, masks: Masks = ()) -> None:
        """Set the gradients of all networks, given `error`, the loss's derivative by the logits.

        The chain rule from the last layer to the first (Rumelhart, Hinton and Williams, Learning
        representations by back-propagating errors, 1986). For a layer y = x Wᵀ + b with error
        e = ∂L/∂y, the gradients are ∂L/∂W = eᵀ x and ∂L/∂b = Σ e, and ∂L/∂x = e W is the error that
        leaky ReLU's slope and the dropout mask pass on to the layer below.
        """
        for k in reversed(range(len(self.weights))):
            torch.bmm(error.mT, activations[k], out=self.weight_gradients[k])
            torch.sum(error, dim=1, keepdim=True, out=self.bias_gradients[k])
            if k > 0:
                error = torch.bmm(error, self.weights[k])
                # An activation has the sign of what leaky ReLU was given, so it tells the slope.
                error = torch.where(activations[k] > 0, error, error * self.negative_slope)
                if masks and (mask := masks[k - 1]) is not None:
                    error *= mask

    def norms(self) -> Tensor:
        """Return the Frobenius norm of each network's parameters, (M,)."""
        parts = [torch.linalg.vector_norm(w, dim=(1, 2)) for w in [*self.weights, *self.biases]]
        norms: Tensor = torch.linalg.vector_norm(torch.stack(parts), dim=0)
        return norms

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Give every network parameters of its own, no gradients, and evaluation mode."""
        for model in self.models:
            model.eval()
            for parameter in model.parameters():
                parameter.data = parameter.data.clone()
                parameter.grad = None


class DropoutMasks:
    """Draw dropout masks for M networks like `model`, each from a random stream of its own.

    On the CPU, a network with seed s gets the masks that its `nn.Dropout` layers would draw after
    `torch.manual_seed(s)`; on a GPU, others that are as good.
    """

    def __init__(self, model: MLP, seeds: Sequence[int]) -> None:
        self.probabilities, self.widths = model.dropout, model.sizes[1:-1]
        self.like = model.linear_layers[0].weight.detach()
        device = self.like.device
        self.generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def draw(self, batch: int) -> list[Tensor | None]:
        """Return for each hidden layer the factors (M, batch, width), or None for no dropout."""
        masks: list[list[Tensor]] = [[] for _ in self.widths]
        for generator in self.generators:
            for layer, (p, width) in enumerate(zip(self.probabilities, self.widths, strict=True)):
                if p > 0:
                    kept = self.like.new_empty(batch, width).bernoulli_(1 - p, generator=generator)
                    masks[layer].append(kept.div_(1 - p) if p < 1 else kept)
        return [torch.stack(layer) if layer else None for layer in masks]


def cross_entropy_error(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the derivative of each network's mean cross-entropy by its logits.

    Logits are (M, batch, classes), labels (M, batch). For one image it is softmax(logits), less 1
    at the label's place (Bishop, Pattern Recognition and Machine Learning, 2006, equation 4.109).
    """
    error = torch.softmax(logits, dim=-1)
    error.scatter_add_(2, labels[..., None], error.new_full((*labels.shape, 1), -1.0))
    return error.div_(labels.shape[1])


def _share(parameters: Sequence[torch.nn.Parameter]) -> Tensor:
    """Return one tensor of all parameters, of which each is a view from now on."""
    stacked = torch.stack([parameter.detach() for parameter in parameters])
    for parameter, row in zip(parameters, stacked, strict=True):
        parameter.data = row
    return stacked


def _share_gradients(parameters: Sequence[torch.nn.Parameter]) -> Tensor:
    """Return zeros of which each parameter's gradient is a view from now on."""
    stacked = torch.zeros_like(torch.stack([parameter.detach() for parameter in parameters]))
    for parameter, row in zip(parameters, stacked, strict=True):
        parameter.grad = row
    return stacked
