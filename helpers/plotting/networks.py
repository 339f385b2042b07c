"""What trained networks hold and say: sizes of their weights, probabilities of the classes."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor, nn

from helpers.plotting.style import HATCHES, LINES


def plot_layer_norms(axes: Axes, models: Mapping[str, nn.Module], *, title: str) -> Axes:
    """Draw the Frobenius norm of every weight matrix as bars, side by side for several models."""
    width = 0.8 / len(models)
    for position, (label, model) in enumerate(models.items()):
        norms = [p.detach().norm().item() for p in model.parameters() if p.dim() > 1]
        places = np.arange(1, len(norms) + 1) + (position - (len(models) - 1) / 2) * width
        axes.bar(
            places,
            norms,
            width,
            label=label,
            hatch=HATCHES[position % len(HATCHES)],
            edgecolor="white",
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title(title, fontsize=11)
    axes.set(xlabel="Layer", ylabel="Frobenius norm of the weights")
    axes.legend()
    return axes


def plot_weight_histogram(axes: Axes, models: Mapping[str, nn.Module], *, title: str) -> Axes:
    """Draw how large the parameters |w| of each model are, as outlines over a logarithmic axis.

    Smaller values than 1e-6, zero included, are counted as 1e-6.
    """
    bins = np.logspace(-6, 1, 71)
    styles: Iterator[dict[str, Any]] = cycle(LINES)
    for label, model in models.items():
        sizes = np.concatenate([p.detach().abs().cpu().numpy().ravel() for p in model.parameters()])
        counts, edges = np.histogram(sizes.clip(bins[0], bins[-1]), bins=bins)
        line: dict[str, Any] = next(styles)
        axes.stairs(counts, edges, label=label, linewidth=1.8, **line)
    axes.set_title(title, fontsize=11)
    axes.set(xlabel="Size of a parameter, |w|", ylabel="Number of parameters", xscale="log")
    axes.legend()
    return axes


def plot_probabilities(
    axes: Axes, groups: Mapping[str, Tensor], classes: Sequence[str], *, title: str
) -> Axes:
    """Draw the probabilities (classes,) of each group as bars side by side, class by class."""
    width = 0.8 / len(groups)
    for position, (label, values) in enumerate(groups.items()):
        places = np.arange(len(classes)) + (position - (len(groups) - 1) / 2) * width
        heights = values.detach().cpu().numpy()
        hatch = HATCHES[position % len(HATCHES)]
        axes.bar(places, heights, width, label=label, hatch=hatch, edgecolor="white")
    axes.set_xticks(range(len(classes)), list(classes))
    axes.set_title(title, fontsize=11)
    axes.set(ylabel="Probability", ylim=(0, 1.15))  # room for the legend
    axes.legend(ncols=len(groups), loc="upper center")
    return axes
