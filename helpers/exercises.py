"""Feedback on exercises: what a student sees below a test, or where an answer is still missing.

A failed test is a short card and the notebook goes on, because one raised error would stop "Run
all" in Colab. While nbgrader grades or validates a notebook (it then sets NBGRADER_EXECUTION) the
error is raised instead, as nbgrader expects.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from types import CodeType
from typing import Any

# All that a function does whose body is a docstring and `pass`, from Python 3.11 on.
IDLE_OPERATIONS = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}


def being_graded() -> bool:
    """Tell whether nbgrader is running this notebook."""
    return "NBGRADER_EXECUTION" in os.environ


def in_notebook() -> bool:
    """Tell whether this code runs in a Jupyter or Colab kernel."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return hasattr(get_ipython(), "kernel")


def grading_only() -> bool:
    """Tell whether only the answers matter now, so that demonstrations may be cut short."""
    return os.environ.get("NBGRADER_EXECUTION") == "autograde"


@contextmanager
def check(*function: Callable[..., Any], **value: object) -> Iterator[None]:
    """Run the tests in the `with` block and say in a card how the answer does.

    The answer is given as a function, or as `name=value`. The first failing test ends the block.
    Raises what the tests raise while the notebook is being graded.
    """
    [(name, answer)] = _by_name(function, value).items()
    try:
        yield
    except Exception as error:  # a student's code may raise anything
        if being_graded():
            raise
        show(_verdict(name, error, unfinished=is_unfinished(answer)))
    else:
        show(Card("passed", f"{name}: all tests here passed", ""))


@contextmanager
def needs(*functions: Callable[..., Any], **values: object) -> Iterator[None]:
    """Run the `with` block if the answers that it builds on are there; else say which is missing.

    Answers are given as functions, or as `name=value`. An answer that is finished but wrong may
    raise anything; that becomes a card too, except while the notebook is being graded.
    """
    try:
        yield
    except Exception as error:  # a student's code may raise anything
        _drop_figures()
        answers = _by_name(functions, values)
        if missing := [name for name, answer in answers.items() if is_unfinished(answer)]:
            text = f"This cell waits for your answer to {' and '.join(missing)}."
            show(Card("waiting", text, ""))
        elif being_graded():
            raise
        elif isinstance(error, NameError) and _raised_by_cell(error):
            text = f"This cell waits for an earlier one: {error.name!r} is not there yet."
            show(Card("waiting", text, ""))
        else:
            show(Card("error", f"This cell stopped: {describe(error)}", place_in_cell(error)))


def _by_name(
    functions: tuple[Callable[..., Any], ...], values: dict[str, object]
) -> dict[str, object]:
    return {_name(function): function for function in functions} | values


def _name(answer: object) -> str:
    """Return what an answer is called, even if a number or a lambda took a function's place."""
    name = getattr(answer, "__name__", "the answer")
    return name if name.isidentifier() else "the answer"


def is_unfinished(answer: object) -> bool:
    """Tell whether `answer` is still a stub: a function that does nothing, or holds a None."""
    if isinstance(answer, dict):
        return any(value is None for value in answer.values())
    code = getattr(answer, "__code__", None)
    return answer is None or (isinstance(code, CodeType) and _is_idle(code))


def _is_idle(code: CodeType) -> bool:
    import dis

    operations = list(dis.get_instructions(code))
    constants = [operation.argval for operation in operations if operation.opname.endswith("CONST")]
    return {operation.opname for operation in operations} <= IDLE_OPERATIONS and constants == [None]


@dataclass(frozen=True)
class Card:
    """A short message to a student: its kind, one line, and a detail that may be empty."""

    kind: str
    headline: str
    detail: str

    # Symbol and colour of the left edge; the symbol alone tells the kinds apart.
    STYLES = {  # noqa: RUF012  (a constant)
        "passed": ("✔", "#009e73"),
        "failed": ("✘", "#d55e00"),
        "error": ("!", "#d55e00"),
        "waiting": ("…", "#56789a"),
    }

    def __repr__(self) -> str:
        """Return the card as plain text, for terminals and screen readers."""
        symbol, _ = self.STYLES[self.kind]
        return "\n".join(filter(None, [f"{symbol} {self.headline}", self.detail]))

    def _repr_html_(self) -> str:
        symbol, colour = self.STYLES[self.kind]
        detail = f'<pre style="margin:.4em 0 0;white-space:pre-wrap">{escape(self.detail)}</pre>'
        return (
            f'<div role="status" style="border-left:.35em solid {colour};padding:.4em .8em;'
            f'background:rgba(128,128,128,.12);max-width:60em">'
            f'<b style="color:{colour}" aria-hidden="true">{symbol}</b> '
            f"{escape(self.headline)}{detail if self.detail else ''}</div>"
        )


def show(card: Card) -> None:
    """Display `card`: as HTML in a notebook, as text elsewhere."""
    from IPython.display import display

    display(card)


def _verdict(name: str, error: Exception, *, unfinished: bool) -> Card:
    if unfinished:
        return Card("waiting", f"{name} is not finished yet: write your answer above.", "")
    if isinstance(error, AssertionError):
        return Card("failed", f"{name}: {error}" if str(error) else f"{name}: a test failed", "")
    return Card("error", f"{name} stopped: {describe(error)}", place_in_cell(error))


def _drop_figures() -> None:
    """Close what the cell began to draw: a notebook would show it, empty and without a text."""
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def describe(error: Exception) -> str:
    """Return the type of `error`, the first line of its message, and its likeliest cause."""
    message = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {message[0]}" if message else type(error).__name__
    return f"{text} (does an answer lack its return?)" if "NoneType" in text else text


def place_in_cell(error: Exception) -> str:
    """Return the line of the notebook in which `error` arose, or nothing if it was not in one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _in_cell(frame)]
    return f"line {frames[-1].lineno}: {frames[-1].line}" if frames else ""


def _raised_by_cell(error: Exception) -> bool:
    """Tell whether `error` arose in the cell's own lines, not in a function that they call."""
    return traceback.extract_tb(error.__traceback__)[-1].name == "<module>"


def _in_cell(frame: traceback.FrameSummary) -> bool:
    # ipykernel compiles cells as files of its temporary folder, older IPython as pseudo-files.
    return "ipykernel_" in frame.filename or frame.filename.startswith("<ipython-input")
