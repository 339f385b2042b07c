"""Numbers over a plane: accuracies over two hyper-parameters, a loss over two weights."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor

from helpers.surfaces import Surface

Ticks = tuple[str, Sequence[float]]  # the label of an axis, and the values along it


def plot_landscape(
    axes: Axes, values: Sequence[Sequence[float]], *, title: str, rows: Ticks, columns: Ticks
) -> Axes:
    """Draw accuracies `values` (rows, columns), fractions, as a map with their percents in it.

    `rows` and `columns` are each a pair of an axis label and the values along that axis; the
    first row is at the bottom.
    """
    percents = 100 * np.asarray(values, dtype=float)
    axes.imshow(percents, origin="lower", aspect="auto", cmap="cividis")
    middle = (percents.min() + percents.max()) / 2
    for (row, column), percent in np.ndenumerate(percents):
        colour = "black" if percent > middle else "white"
        place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 7.5, "color": colour}
        axes.text(column, row, f"{percent:.0f}", **place)
    axes.set_xticks(range(len(columns[1])), [f"{x:.2g}" for x in columns[1]], rotation=60)
    axes.set_yticks(range(len(rows[1])), [f"{y:.2g}" for y in rows[1]])
    axes.set(xlabel=columns[0], ylabel=rows[0])
    axes.set_title(title, fontsize=11)
    axes.grid(visible=False)
    return axes


def plot_path(axes: Axes, surface: Surface, path: Tensor, *, title: str) -> Axes:
    """Draw the contours of a loss over two weights and a path (steps + 1, 2) over them.

    A ring marks the start, a star the minimum and a square the end; a path may leave the picture.
    """
    horizontal, vertical = torch.linspace(-6, 6, 121), torch.linspace(-4, 4, 81)
    grid = torch.stack(torch.meshgrid(horizontal, vertical, indexing="xy"), dim=-1).double()
    losses = surface.loss(grid) - surface.loss(surface.minimum)  # (81, 121), above the minimum
    levels = [0.03 * 2.2**power for power in range(8)]
    axes.contour(horizontal, vertical, losses, levels, colors="0.75", linewidths=0.8)
    steps = path.clamp(-1e3, 1e3)
    axes.plot(*steps.T, marker=".", markersize=4, linewidth=1, linestyle="-", label="path")
    marks: dict[str, Any] = {"linestyle": "none", "zorder": 3}
    axes.plot(*steps[0], "o", markersize=9, fillstyle="none", color="black", label="start", **marks)
    axes.plot(*surface.minimum, "*", markersize=12, color="#009E73", label="minimum", **marks)
    axes.plot(*steps[-1], "s", markersize=7, color="#D55E00", label="end", **marks)
    axes.set(xlabel="Weight $w_1$", ylabel="Weight $w_2$", xlim=(-6, 6), ylim=(-4, 4))
    axes.set_title(title, fontsize=11)
    axes.legend(fontsize=8, loc="lower left")
    return axes
