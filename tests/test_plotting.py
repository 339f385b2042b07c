"""Figures carry titles, labels, legends that do without colour, and a text alternative."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers import plotting
from helpers.models import MLP
from helpers.training import History, Score


def history(offset=0.0):
    result = History()
    for epoch in range(4):
        result.append(Score(0.5 + offset, 1.0), Score(0.25 + offset, 1.0), 3.0 + epoch)
    return result


@pytest.fixture
def axes():
    with plt.rc_context(plotting.STYLE):
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


GROUPS = {"none": [history(), history(0.1)], "L1": [history(0.2), history(0.2)]}
MODELS = {"none": MLP((4, 3, 2)), "L1": MLP((4, 3, 2))}
DRAW = {
    "accuracy": lambda axes: plotting.plot_accuracy(axes, GROUPS["none"], title="T"),
    "compared accuracy": lambda axes: plotting.compare_accuracy(axes, GROUPS, title="T"),
    "norms": lambda axes: plotting.compare_norms(axes, GROUPS, title="T"),
    "layer norms": lambda axes: plotting.plot_layer_norms(axes, MODELS, title="T"),
    "histogram": lambda axes: plotting.plot_weight_histogram(axes, MODELS, title="T"),
}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW.keys())
def test_figure_has_title_labels_and_legend_and_is_returned(axes, draw):
    assert draw(axes) is axes
    assert axes.get_title().startswith("T")
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert len(axes.get_legend().get_texts()) == 2


@pytest.mark.parametrize("draw", ["accuracy", "compared accuracy", "norms"])
def test_lines_differ_in_style_as_well_as_colour(axes, draw):
    lines = DRAW[draw](axes).get_lines()
    assert len({line.get_linestyle() for line in lines}) == len(lines)
    assert len({line.get_color() for line in lines}) == len(lines)


def test_bars_differ_in_hatching(axes):
    plotting.plot_layer_norms(axes, MODELS, title="T")
    assert len({bar.get_hatch() for bar in axes.patches}) == len(MODELS)


def test_curve_is_the_mean_over_runs_in_percent_from_epoch_one(axes):
    plotting.plot_accuracy(axes, GROUPS["none"], title="T")
    training, _ = axes.get_lines()
    np.testing.assert_allclose(training.get_ydata(), 55.0)
    assert training.get_xdata().tolist() == [1, 2, 3, 4]


def test_band_spans_one_standard_deviation(axes):
    plotting.plot_mean(axes, [[0.0, 2.0], [2.0, 2.0]], label="x")
    heights = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0.0, 2.0)


def test_single_run_has_no_band(axes):
    plotting.plot_mean(axes, [[1.0, 2.0]], label="x")
    assert not axes.collections


def test_image_grid_places_every_picture_with_its_title(axes):
    images = torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1).expand(5, 3, 4, 4)
    plotting.plot_image_grid(axes, images, titles=list("abcde"), columns=3)
    sheet = axes.get_images()[0].get_array()
    assert set(range(5)) <= set(np.unique(sheet))
    assert [text.get_text() for text in axes.texts] == list("abcde")


def test_show_displays_once_with_a_text_alternative_and_closes(capsys):
    figure, _ = plt.subplots()
    plotting.show(figure, "A line that rises.")
    assert "A line that rises." in capsys.readouterr().out
    assert not plt.fignum_exists(figure.number)
