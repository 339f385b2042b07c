"""How anything is shown: on which console, and under which kind of progress bar."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich import progress as bars
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, ProgressColumn, TextColumn, TimeElapsedColumn


def console() -> Console:
    """Return where to print: wide enough for whole paths where the output is not a terminal."""
    plain = Console(emoji=False, highlight=False)
    return plain if plain.is_terminal else Console(emoji=False, highlight=False, width=160)


def say(text: str) -> None:
    """Print a line of markup, never broken, so that a path in it can be copied."""
    console().print(text, soft_wrap=True)


def warn(text: str) -> None:
    """Print a warning on stderr, where it is in the way of no JSON."""
    screen = Console(stderr=True, emoji=False, highlight=False)
    screen.print(f"[yellow]{escape(text)}[/]", soft_wrap=True)


def progress(*columns: ProgressColumn) -> bars.Progress:
    """Return progress bars that only a terminal shows, and that are gone at the end."""
    # What is being worked on may be named by the user: it is never markup.
    description = TextColumn("{task.description}", markup=False)
    screen = console()
    return bars.Progress(
        *(description, *columns, TimeElapsedColumn()),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something is being done, and for how long."""
    with progress(BarColumn(pulse_style="cyan")) as bar:
        bar.add_task(text, total=None)
        yield


def relative(path: Path) -> str:
    """Return `path` as one would type it here."""
    return os.path.relpath(path) if path.resolve().is_relative_to(Path.cwd()) else str(path)
