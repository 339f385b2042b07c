"""Sliders above one figure that is drawn again whenever a slider moves."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from helpers.plotting.captions import Caption


def explore(draw: Callable[..., Figure], controls: Mapping[str, Any], *, alternative: str) -> None:
    """Display `controls` (ipywidgets by argument name of `draw`) above the figure `draw` returns.

    The figure is an ordinary output that is updated in place, so that it is still there, as the
    controls left it, where no kernel runs; `alternative` is its text for those who do not see it.
    """
    import ipywidgets as widgets
    from IPython.display import display

    def picture() -> Figure:
        figure = draw(**{name: control.value for name, control in controls.items()})
        figure.tight_layout()
        plt.close(figure)  # or the inline back end would display it a second time
        return figure

    def redraw(_: object) -> None:
        status.value = "drawing …"
        try:
            handle.update(picture(), metadata=metadata)
        finally:
            status.value = ""

    metadata = {"image/png": {"alt": alternative}}
    first = picture()  # before anything is shown: an unfinished answer makes this fail
    status = widgets.Label()
    display(widgets.VBox([*controls.values(), status]))
    handle = display(first, metadata=metadata, display_id=True)
    display(Caption(alternative))
    for control in controls.values():
        control.observe(redraw, names="value")


def strength_slider(description: str, *, value: float = 0.0) -> Any:
    """Return a slider over penalty strengths: 0, then from 0.0001 to 0.1 in steps of about 3."""
    return choice_slider(description, STRENGTHS, value=value)


def choice_slider(description: str, values: Sequence[float], *, value: float) -> Any:
    """Return a slider over `values` that starts at `value` and reports where it is let go."""
    import ipywidgets as widgets

    return widgets.SelectionSlider(
        options=[(f"{choice:g}", choice) for choice in values],
        value=value,
        description=description,
        style={"description_width": "initial"},
        layout={"width": "420px"},
        # One figure for the value at which the slider is let go, not for all on the way.
        continuous_update=False,
    )


STRENGTHS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
