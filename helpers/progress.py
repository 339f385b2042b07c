"""A progress bar that suits Colab, Jupyter and a terminal, and stays silent everywhere else."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from helpers.exercises import being_graded

Item = TypeVar("Item")


def track(items: Iterable[Item], description: str = "") -> Iterator[Item]:
    """Yield `items` while a bar shows how far along they are.

    Nothing is drawn while a notebook is being graded, where a word on stderr can cost points, nor
    where nobody would see a moving bar, such as a log file.
    """
    from tqdm.auto import tqdm

    yield from tqdm(items, desc=description, leave=False, disable=not somebody_watches())


def somebody_watches() -> bool:
    """Tell whether there is a notebook or a terminal in which a bar can move."""
    return not being_graded() and (in_notebook() or sys.stderr.isatty())


def in_notebook() -> bool:
    """Tell whether this code runs in a Jupyter or Colab kernel."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")
