"""Figures of the lessons: readable without colour, and with a text alternative.

Every function draws on one Axes and returns it. Pass the finished figure to `show` together with
a sentence that says what it shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import cycle
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor, nn

from helpers.experiments import Gain
from helpers.surfaces import Surface
from helpers.training import History

# Okabe & Ito's palette, which stays distinct under colour blindness; each colour has a line style
# of its own besides.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 2)))
LINES = cycler(color=COLOURS, linestyle=LINE_STYLES)
STYLE = {
    "axes.prop_cycle": LINES,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "figure.dpi": 110,
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
}
MOST_BANDS = 2  # more of them overlap in a grey that tells nothing

Runs = Sequence[History]
Ticks = tuple[str, Sequence[float]]  # the label of an axis, and the values along it


def use_course_style() -> None:
    """Make all figures drawn from now on look alike."""
    plt.rcParams.update(STYLE)


def plot_mean(
    axes: Axes,
    curves: Sequence[Sequence[float]],
    *,
    label: str,
    band: bool = True,
    **style: Any,
) -> Axes:
    """Draw the mean over runs of `curves` (runs, epochs), with a band of ± one standard deviation.

    Epochs count from 1. A single run is drawn without a band.
    """
    values = np.asarray(curves, dtype=float)  # (runs, epochs)
    epochs = np.arange(1, values.shape[1] + 1)
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    (line,) = axes.plot(epochs, mean, label=label, **style)
    if band and len(values) > 1:
        look = {"alpha": 0.12, "linewidth": 0, "color": line.get_color()}
        axes.fill_between(epochs, mean - deviation, mean + deviation, **look)
    return axes


def plot_accuracy(axes: Axes, runs: Runs, *, title: str) -> Axes:
    """Draw training (solid) and validation (dashed) accuracy in percent, mean ± std over `runs`."""
    plot_mean(axes, _percent(runs, "train_accuracy"), label="training")
    plot_mean(axes, _percent(runs, "val_accuracy"), label="validation")
    return _finish(axes, {"": runs}, title=title, ylabel="Accuracy (%)")


def compare_accuracy(
    axes: Axes, groups: Mapping[str, Runs], *, quantity: str = "val_accuracy", title: str
) -> Axes:
    """Draw one accuracy of several groups of runs; `quantity` names a field of `History`."""
    for label, runs in groups.items():
        plot_mean(axes, _percent(runs, quantity), label=label, band=len(groups) <= MOST_BANDS)
    return _finish(axes, groups, title=title, ylabel="Accuracy (%)")


def compare_norms(axes: Axes, groups: Mapping[str, Runs], *, title: str) -> Axes:
    """Draw the Frobenius norm of all parameters, mean ± std, for several groups of runs."""
    for label, runs in groups.items():
        norms = [run.norm for run in runs]
        plot_mean(axes, norms, label=label, band=len(groups) <= MOST_BANDS)
    return _finish(axes, groups, title=title, ylabel="Frobenius norm of the parameters")


def plot_gains(axes: Axes, gains: Mapping[str, Gain], *, title: str) -> Axes:
    """Draw gains of accuracy in points, with bars of ± one standard error, above their names."""
    means = [100 * gain.mean for gain in gains.values()]
    errors = [100 * gain.standard_error for gain in gains.values()]
    axes.axhline(0, color="black", linewidth=1, linestyle="-")
    axes.errorbar(range(len(gains)), means, errors, fmt="o", linestyle="none", capsize=4)
    axes.set_xticks(range(len(gains)), list(gains))
    axes.set_xlim(-0.5, len(gains) - 0.5)
    pairs = min(gain.pairs for gain in gains.values())
    axes.set_title(f"{title}\nmean ± standard error of {pairs} seeds", fontsize=11)
    axes.set_ylabel("Gain (percent points)")
    return axes


def plot_layer_norms(axes: Axes, models: Mapping[str, nn.Module], *, title: str) -> Axes:
    """Draw the Frobenius norm of every weight matrix as bars, side by side for several models."""
    hatches = ("", "//", "..", "xx", "--", "++", "oo")
    width = 0.8 / len(models)
    for position, (label, model) in enumerate(models.items()):
        norms = [p.detach().norm().item() for p in model.parameters() if p.dim() > 1]
        places = np.arange(1, len(norms) + 1) + (position - (len(models) - 1) / 2) * width
        axes.bar(
            places,
            norms,
            width,
            label=label,
            hatch=hatches[position % len(hatches)],
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


def plot_image_grid(axes: Axes, images: Tensor, *, titles: Sequence[str], columns: int = 6) -> Axes:
    """Draw uint8 images (n, 3, height, width) as one sheet, row by row, with a title under each."""
    pictures = images.cpu().permute(0, 2, 3, 1).numpy()  # (n, height, width, 3)
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    gap, caption = 2, 7 * (1 + max(title.count("\n") for title in titles)) - 1
    sheet = np.full((rows * (height + caption), columns * (width + gap), 3), 255, np.uint8)
    for position, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        top = position // columns * (height + caption)
        left = position % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
        axes.text(left + width / 2, top + height + 1, title, ha="center", va="top", fontsize=9)
    axes.imshow(sheet)
    axes.set_axis_off()
    return axes


def plot_robustness(
    axes: Axes,
    grey_levels: Sequence[float],
    groups: Mapping[str, Sequence[Sequence[float]]],
    *,
    title: str,
) -> Axes:
    """Draw the accuracies (runs, levels) in [0, 1] of several groups by the size of the attack.

    Points are means over the runs, bars their standard errors; the levels stand at equal distances.
    """
    for marker, (label, accuracies) in zip(cycle("osD^vPX"), groups.items(), strict=False):
        values = 100 * np.asarray(accuracies, dtype=float)  # (runs, levels)
        runs = len(values)
        errors = values.std(axis=0, ddof=1) / runs**0.5 if runs > 1 else None
        places = range(len(grey_levels))
        axes.errorbar(
            places, values.mean(axis=0), errors, label=label, marker=marker, capsize=3, elinewidth=1
        )
    axes.set_xticks(range(len(grey_levels)), [f"{level:g}" for level in grey_levels])
    axes.set_ylim(0, None)
    axes.set_title(title, fontsize=11)
    axes.set(xlabel="Size of the attack, ε (grey levels)", ylabel="Accuracy (%)")
    axes.legend()
    return axes


def plot_probabilities(
    axes: Axes, groups: Mapping[str, Tensor], classes: Sequence[str], *, title: str
) -> Axes:
    """Draw the probabilities (classes,) of each group as bars side by side, class by class."""
    hatches = ("", "//", "..", "xx")
    width = 0.8 / len(groups)
    for position, (label, values) in enumerate(groups.items()):
        places = np.arange(len(classes)) + (position - (len(groups) - 1) / 2) * width
        heights = values.detach().cpu().numpy()
        hatch = hatches[position % len(hatches)]
        axes.bar(places, heights, width, label=label, hatch=hatch, edgecolor="white")
    axes.set_xticks(range(len(classes)), list(classes))
    axes.set_title(title, fontsize=11)
    axes.set(ylabel="Probability", ylim=(0, 1.15))  # room for the legend
    axes.legend(ncols=len(groups), loc="upper center")
    return axes


def plot_picture(axes: Axes, image: Tensor, *, title: str) -> Axes:
    """Draw one image (3, height, width), floats in [-1, 1], without blurring its pixels.

    Numbers outside of that range are drawn as its ends.
    """
    pixels = image.detach().cpu().clamp(-1, 1).permute(1, 2, 0) / 2 + 0.5  # (height, width, 3)
    axes.imshow(pixels.numpy(), interpolation="nearest")
    axes.set_title(title, fontsize=11)
    axes.set_axis_off()
    return axes


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


def show(figure: Figure, alternative: str) -> None:
    """Display `figure` once, with `alternative` as its text for those who do not see it."""
    from IPython.display import display

    figure.tight_layout()
    display(figure, metadata={"image/png": {"alt": alternative}})
    display(Caption(alternative))
    plt.close(figure)  # or the inline back end would display it a second time


class Caption:
    """A figure's text alternative, folded away below it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"The figure in words: {self.text}"

    def _repr_html_(self) -> str:
        return f"<details><summary>The figure in words</summary>{escape(self.text)}</details>"


def _percent(runs: Runs, quantity: str) -> list[list[float]]:
    return [[100 * value for value in getattr(run, quantity)] for run in runs]


def _finish(axes: Axes, groups: Mapping[str, Runs], *, title: str, ylabel: str) -> Axes:
    runs = min(len(group) for group in groups.values())
    shown = "mean ± standard deviation" if len(groups) <= MOST_BANDS else "mean"
    spread = f"\n{shown} of {runs} runs" if runs > 1 else ""
    axes.set_title(title + spread, fontsize=11)
    axes.set(xlabel="Epoch", ylabel=ylabel)
    axes.legend()
    return axes
