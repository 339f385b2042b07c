"""How runs went and compare: accuracies, norms, gains, robustness, as means over seeds."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from helpers.experiments import Gain
from helpers.training.loop import History

MOST_BANDS = 2  # more of them overlap in a grey that tells nothing

Runs = Sequence[History]


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
