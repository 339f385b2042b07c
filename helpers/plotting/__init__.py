"""Figures of the lessons: readable without colour, and with a text alternative.

Every function draws on one Axes and returns it. Pass the finished figure to `show` together with
a sentence that says what it shows. Lessons import from here.
"""

from helpers.plotting.captions import show
from helpers.plotting.landscapes import plot_landscape, plot_path
from helpers.plotting.networks import plot_layer_norms, plot_probabilities, plot_weight_histogram
from helpers.plotting.pictures import plot_image_grid, plot_picture
from helpers.plotting.runs import (
    compare_accuracy,
    compare_norms,
    plot_accuracy,
    plot_gains,
    plot_mean,
    plot_robustness,
)
from helpers.plotting.style import use_course_style

__all__ = [
    "compare_accuracy",
    "compare_norms",
    "plot_accuracy",
    "plot_gains",
    "plot_image_grid",
    "plot_landscape",
    "plot_layer_norms",
    "plot_mean",
    "plot_path",
    "plot_picture",
    "plot_probabilities",
    "plot_robustness",
    "plot_weight_histogram",
    "show",
    "use_course_style",
]
