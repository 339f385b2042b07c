"""Make text of unknown origin fit to be shown; it still has to be escaped where that matters."""

import re

MAX_LENGTH = 500
# Terminal colours, and control characters other than a line break.
UNPRINTABLE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def printable(text: str) -> str:
    """Return `text` without control characters, cut to a readable length."""
    # Half a surrogate pair is a text to Python, but to no file.
    clean = UNPRINTABLE.sub("", text.encode(errors="replace").decode()).strip()
    return clean if len(clean) <= MAX_LENGTH else clean[:MAX_LENGTH] + " …"


def one_line(text: str) -> str:
    """Return `text` as a single printable line."""
    return " ".join(printable(text).split())


def plain_number(value: float) -> str:
    """Return `value` as people write it: 3 for 3.0, at most two digits after the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
