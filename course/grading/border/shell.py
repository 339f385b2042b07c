"""The IPython shell in which cells run: of a referee, of a student process, of a proof."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

MAX_OUTPUT = 20_000  # characters of printed text that a call or a cell may bring back
MAX_FIGURES, MAX_FIGURE_BYTES = 8, 1_000_000  # of a cell, and of each of its figures


def make_shell() -> Any:
    """Return this process's shell, which keeps no history and prints no traceback.

    One that was made before a fork is there in every forked process.
    """
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # A history has a file and a thread that writes it, and threads do not survive a fork.
    config = Config({"HistoryManager": {"enabled": False}})
    shell: Any = InteractiveShell.instance(config=config, colors="nocolor")
    # Nobody reads the tracebacks, and to format one takes longer than most tests.
    shell.showtraceback = lambda *_, **__: None
    # `%matplotlib inline` and its like ask for a window system or a browser: neither is here.
    shell.enable_gui = lambda *_, **__: None
    shell.enable_matplotlib = lambda *_, **__: ("agg", "agg")
    return shell


def run_cell(shell: Any, source: str, *, drawn: list[bytes] | None = None) -> BaseException | None:
    """Run a cell as IPython does, close its figures, and return what it raised, if so.

    The figures are appended to `drawn` as PNG, if there is such a list.
    """
    result = shell.run_cell(source)
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        if drawn is not None:
            drawn += _figures(pyplot)
        pyplot.close("all")
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def _figures(pyplot: Any) -> Iterator[bytes]:
    for number in pyplot.get_fignums()[:MAX_FIGURES]:
        file = BytesIO()
        # Figures are drawn only now: what a student got wrong in one may raise anything.
        with suppress(Exception):
            pyplot.figure(number).savefig(file, format="png", bbox_inches="tight")
            if file.tell() <= MAX_FIGURE_BYTES:
                yield file.getvalue()
