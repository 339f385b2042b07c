"""Figures carry titles, labels, legends that do without colour, and a text alternative."""

import matplotlib

matplotlib.use("agg")

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from helpers import plotting
from helpers.experiments import Gain
from helpers.models import MLP
from helpers.plotting.runs import Runs
from helpers.plotting.style import STYLE
from helpers.surfaces import make_surface
from helpers.training.loop import History, Score


def history(offset: float = 0.0) -> History:
    result = History()
    for epoch in range(4):
        result.append(Score(0.5 + offset, 1.0), Score(0.25 + offset, 1.0), 3.0 + epoch)
    return result


@pytest.fixture
def axes() -> Iterator[Axes]:
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots()
        yield axes
        plt.close(figure)


GROUPS = {"none": [history(), history(0.1)], "L1": [history(0.2), history(0.2)]}
MODELS = {"none": MLP((4, 3, 2)), "L1": MLP((4, 3, 2))}
DRAW: dict[str, Callable[[Axes], Axes]] = {
    "accuracy": lambda axes: plotting.plot_accuracy(axes, GROUPS["none"], title="T"),
    "compared accuracy": lambda axes: plotting.compare_accuracy(axes, GROUPS, title="T"),
    "norms": lambda axes: plotting.compare_norms(axes, GROUPS, title="T"),
    "layer norms": lambda axes: plotting.plot_layer_norms(axes, MODELS, title="T"),
    "histogram": lambda axes: plotting.plot_weight_histogram(axes, MODELS, title="T"),
}


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW.keys())
def test_figure_has_title_labels_and_legend_and_is_returned(
    axes: Axes, draw: Callable[[Axes], Axes]
) -> None:
    assert draw(axes) is axes
    assert axes.get_title().startswith("T")
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert len(legend(axes)) == 2


@pytest.mark.parametrize("draw", ["accuracy", "compared accuracy", "norms"])
def test_lines_differ_in_style_as_well_as_colour(axes: Axes, draw: str) -> None:
    lines = DRAW[draw](axes).get_lines()
    assert len({line.get_linestyle() for line in lines}) == len(lines)
    assert len({line.get_color() for line in lines}) == len(lines)


THREE = GROUPS | {"L2": [history(), history(0.2)]}


def bands(axes: Axes) -> list[Any]:
    return [band for band in axes.collections if len(outline(band)) > 2]


def outline(artist: Any) -> Any:
    """Return the corners (n, 2) of the first path of an artist."""
    return artist.get_paths()[0].vertices


def legend(axes: Axes) -> list[str]:
    drawn = axes.get_legend()
    assert drawn is not None
    return [text.get_text() for text in drawn.get_texts()]


def data(line: Any) -> list[tuple[float, float]]:
    """Return the points of a line; matplotlib's annotations leave open what they are."""
    return list(zip(line.get_xdata(), line.get_ydata(), strict=True))


@pytest.mark.parametrize("draw", [plotting.compare_accuracy, plotting.compare_norms])
@pytest.mark.parametrize(("groups", "expected"), [(GROUPS, 2), (THREE, 0)])
def test_bands_are_drawn_only_where_they_can_be_told_apart(
    axes: Axes, draw: Callable[..., Axes], groups: Mapping[str, Runs], expected: int
) -> None:
    draw(axes, groups, title="T")
    assert len(bands(axes)) == expected
    assert ("standard deviation" in axes.get_title()) == (expected > 0)


def test_gains_stand_in_points_above_their_names(axes: Axes) -> None:
    gains = {"L1": Gain(0.05, 0.01, 9, 10), "L2": Gain(-0.02, 0.005, 3, 10)}
    assert plotting.plot_gains(axes, gains, title="T") is axes
    heights = [[y for _, y in data(line)] for line in axes.get_lines()]
    assert [5.0, -2.0] in heights
    [bars] = [c for c in axes.collections if isinstance(c, LineCollection)]
    spans = [[float(y) for _, y in segment] for segment in bars.get_segments()]
    assert spans == [pytest.approx([4.0, 6.0]), pytest.approx([-2.5, -1.5])]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["L1", "L2"]
    assert axes.get_title() == "T\nmean ± standard error of 10 seeds"


def test_bars_differ_in_hatching(axes: Axes) -> None:
    plotting.plot_layer_norms(axes, MODELS, title="T")
    assert len({bar.get_hatch() for bar in axes.patches}) == len(MODELS)


def test_curve_is_the_mean_over_runs_in_percent_from_epoch_one(axes: Axes) -> None:
    plotting.plot_accuracy(axes, GROUPS["none"], title="T")
    training, _ = axes.get_lines()
    np.testing.assert_allclose(data(training), [(epoch, 55.0) for epoch in (1, 2, 3, 4)])


def test_band_spans_one_standard_deviation(axes: Axes) -> None:
    plotting.plot_mean(axes, [[0.0, 2.0], [2.0, 2.0]], label="x")
    heights = outline(axes.collections[0])[:, 1]
    assert (heights.min(), heights.max()) == (0.0, 2.0)


def test_single_run_has_no_band(axes: Axes) -> None:
    plotting.plot_mean(axes, [[1.0, 2.0]], label="x")
    assert not axes.collections


def test_image_grid_places_every_picture_with_its_title(axes: Axes) -> None:
    images = torch.arange(5, dtype=torch.uint8).reshape(5, 1, 1, 1).expand(5, 3, 4, 4)
    plotting.plot_image_grid(axes, images, titles=list("abcde"), columns=3)
    sheet = axes.get_images()[0].get_array()
    assert sheet is not None
    assert set(range(5)) <= set(np.unique(sheet))
    assert [text.get_text() for text in axes.texts] == list("abcde")


def test_show_displays_once_with_a_text_alternative_and_closes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figure, _ = plt.subplots()
    plotting.show(figure, "A line that rises.")
    assert "A line that rises." in capsys.readouterr().out
    assert not plt.fignum_exists(figure.number)


def test_landscape_shows_percents_with_the_first_row_at_the_bottom(axes: Axes) -> None:
    ticks = {"rows": ("Friction", [0.1, 1.0]), "columns": ("Rate", [0.001, 0.01, 0.1])}
    values = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]
    assert plotting.plot_landscape(axes, values, title="T", **ticks) is axes
    assert [text.get_text() for text in axes.texts] == ["10", "20", "30", "40", "50", "60"]
    assert axes.texts[0].get_position() == (0, 0)
    assert axes.get_ylim()[0] < axes.get_ylim()[1]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("Rate", "Friction", "T")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.001", "0.01", "0.1"]


def test_robustness_is_the_mean_over_runs_in_percent_with_standard_errors(axes: Axes) -> None:
    groups = {"plain": [[0.8, 0.2], [0.6, 0.4]], "robust": [[0.5, 0.5], [0.5, 0.5]]}
    assert plotting.plot_robustness(axes, (0, 4), groups, title="T") is axes
    plain, robust = axes.containers
    np.testing.assert_allclose(plain[0].get_ydata(), [70, 30])
    lower, upper = plain[2][0].get_segments()[0][:, 1]
    np.testing.assert_allclose(upper - lower, 2 * 10)
    assert plain[0].get_marker() != robust[0].get_marker()
    assert plain[0].get_linestyle() != robust[0].get_linestyle()
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0", "4"]
    assert axes.get_title() == "T"
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert len(legend(axes)) == 2


def test_robustness_of_a_single_run_has_no_bars(axes: Axes) -> None:
    plotting.plot_robustness(axes, (0, 4), {"plain": [[0.8, 0.2]]}, title="T")
    assert not axes.collections


def test_picture_maps_the_range_of_the_network_to_that_of_the_screen(axes: Axes) -> None:
    image = torch.tensor([-1.0, 0.0, 3.0]).reshape(1, 1, 3).expand(3, 1, 3)
    plotting.plot_picture(axes, image, title="T")
    drawn = axes.get_images()[0].get_array()
    assert drawn is not None
    np.testing.assert_allclose(drawn[0, :, 0], [0, 0.5, 1])
    assert axes.get_title() == "T"


def test_path_is_drawn_with_its_start_and_end_and_may_leave_the_picture(axes: Axes) -> None:
    surface = make_surface(0)
    path = torch.tensor([[3.0, 2.0], [-2.0, 1.0], [1e9, 0.5]], dtype=torch.float64)
    assert plotting.plot_path(axes, surface, path, title="T") is axes
    line, start, minimum, end = axes.get_lines()
    assert len(data(line)) == 3
    assert data(start) == [(3, 2)]
    assert data(minimum) == [(0, 0)]
    assert data(end)[0][1] == 0.5
    assert axes.get_xlim() == (-6, 6)
    assert len({mark.get_marker() for mark in axes.get_lines()}) == 4


def test_probabilities_are_bars_side_by_side_that_differ_in_hatching(axes: Axes) -> None:
    groups = {"before": torch.tensor([0.9, 0.1]), "after": torch.tensor([0.2, 0.8])}
    assert plotting.plot_probabilities(axes, groups, ["cat", "dog"], title="T") is axes
    bars = [bar for bar in axes.patches if isinstance(bar, Rectangle)]
    assert [bar.get_height() for bar in bars] == pytest.approx([0.9, 0.1, 0.2, 0.8])
    assert len({bar.get_x() for bar in bars}) == 4
    assert len({bar.get_hatch() for bar in bars}) == 2
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["cat", "dog"]
    assert axes.get_title() == "T"
    assert axes.get_ylabel()
