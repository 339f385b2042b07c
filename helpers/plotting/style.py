"""What all figures of the lessons have in common: colours, line styles, sizes."""

import matplotlib.pyplot as plt
from cycler import cycler

# Okabe & Ito's palette, which stays distinct under colour blindness; each colour has a line style
# of its own besides.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 2)))
LINES = cycler(color=COLOURS, linestyle=LINE_STYLES)
HATCHES = ("", "//", "..", "xx", "--", "++", "oo")  # of bars, which have no line style
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


def use_course_style() -> None:
    """Make all figures drawn from now on look alike."""
    plt.rcParams.update(STYLE)
