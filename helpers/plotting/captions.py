"""Finished figures are shown with a text for those who do not see them."""

from html import escape

import matplotlib.pyplot as plt
from matplotlib.figure import Figure


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
