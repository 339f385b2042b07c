"""Exceptions on their way between the student process and the referee: both ends.

A class of exceptions does not cross: a built-in one comes back as itself, any other as its nearest
built-in base, or as what the receiving side takes for all others.
"""

import builtins
import traceback
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

from course.grading.border.breach import Breach, exactly

MAX_MESSAGE, MAX_TRACEBACK = 2_000, 4_000


class StudentError(Exception):
    """Stand for an exception of the student's own kind."""


class ReferenceFailed(Exception):  # noqa: N818 - it says what happened
    """Stand for what a function of the test has raised, as no name of its type is known here."""


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return plain data that tell of an exception: its types, its message and its traceback."""
    try:
        message = message_of(error)
    except BaseException:  # noqa: BLE001 - a student's exception may raise anything
        message = ""
    lines = traceback.format_exception(type(error), error, _own_frames(error.__traceback__))
    # Only a text: whoever raises it may have put anything there.
    undefined = error.name if isinstance(error, NameError) else None
    return {
        "names": [base.__name__ for base in type(error).__mro__],
        "message": message[:MAX_MESSAGE],
        "traceback": "".join(lines)[-MAX_TRACEBACK:],  # its end says what happened, and where
        "undefined": undefined if type(undefined) is str else "",
    }


def message_of(error: BaseException) -> str:
    """Return what an exception of the same kind can be made of again, to say the same."""
    # A `KeyError` says the `repr` of its key: made of what it says, it would quote that once more.
    if isinstance(error, KeyError) and len(error.args) == 1 and type(error.args[0]) is str:
        return error.args[0]
    return str(error)


def read_error(described: Mapping[str, Any]) -> Exception:
    """Return the like of an exception of the student's, with its traceback as a note.

    Raises `Breach` for a description that is none.
    """
    names = exactly(described.get("names"), list)
    message = exactly(described.get("message"), str)
    text = exactly(described.get("traceback"), str)
    undefined = exactly(described.get("undefined"), str)
    if not names or not all(type(name) is str for name in names):
        raise Breach("an exception without names")
    known = same_error(names, message, otherwise=StudentError)
    if isinstance(known, NameError):
        known.name = undefined
    known.add_note(text)
    return known


def same_error(
    names: Iterable[str], message: str, *, otherwise: type[Exception] = ReferenceFailed
) -> Exception:
    """Return a built-in exception for the first of `names` that is one, or else `otherwise`.

    `names` are those of the classes of an exception of the other process, the nearest first.
    """
    for name in names:
        kind = getattr(builtins, name, None)
        # `SystemExit` and its like would pass every `except Exception` of this process. And
        # `Exception` itself is a base of all: it would leave nothing for `otherwise`.
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            try:
                return kind(message)
            except TypeError:  # UnicodeDecodeError and the like need more than a message
                continue
    return otherwise(message)


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the frames of this package and of IPython, in which no student's error arises."""
    while trace and trace.tb_next and "<ipython-input" not in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return trace
