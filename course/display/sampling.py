"""What `course sample` wrote."""

from pathlib import Path

from rich.markup import escape

from course.display.console import relative, say


def sampled(folder: Path, written: list[Path]) -> None:
    """Say how many submissions there are, and what to do with them."""
    place = escape(relative(folder))
    say(f"{len(written)} submissions; to grade them: course grade LESSON --submitted {place}")
