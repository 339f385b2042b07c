"""Make a student's Markdown harmless for the instructor in whose browser it is shown.

formgrader and `nbgrader generate_feedback` render Markdown with nbconvert, which lets HTML and any
address through. Nothing is filtered here, which could be outwitted: a text is taken as it is only
if rendering it needs neither, and is else shown as it was typed.

Importing this module imports nbconvert, which takes a second.
"""

import re
from collections.abc import Collection, Mapping
from html import unescape
from typing import Any

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# Without its pictures: to render a longer text could take seconds, if it is meant to.
MAX_RENDERED = 5_000
PICTURE = r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*"
ADDRESS = re.compile(r"(?:https?|mailto):|[^:]*$", re.IGNORECASE)
SOURCE = re.compile(rf"https?:|attachment:|{PICTURE}$|[^:]*$", re.IGNORECASE)
TAG = re.compile(r"<(?=[A-Za-z/!?])")
HEADING_ID = re.compile(r'<h[1-6] id="([^"]*)"')
# What MathJax makes a link of, or loads more for, or styles by.
TEX_COMMAND = re.compile(r"\\(?:href|require|style|class|cssId|data|unicode)(?![A-Za-z])")
Attachments = Mapping[str, Mapping[str, str]]


def harmless_markdown(
    source: str, *, taken: Collection[str] = (), attachments: Attachments | None = None
) -> str:
    """Return Markdown that shows `source` without running or loading anything but pictures.

    `taken` are ids of elements of the page, which no heading may have. `attachments` are pictures
    that the cell comes with.
    """
    for candidate in (source, _without_tags(source)):
        if _is_harmless(candidate, taken, attachments or {}):
            return candidate
    return verbatim(source)


def _without_tags(source: str) -> str:
    """Return `source` with a space that makes a tag a plain text, and without attached pictures."""
    return TAG.sub("< ", source).replace("attachment:", "attachment/")


def verbatim(source: str) -> str:
    """Return a code block that holds `source`."""
    # A fence ends at the first one that is as long.
    longest = max(map(len, re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{source}\n{fence}"


def _is_harmless(source: str, taken: Collection[str], attachments: Attachments) -> bool:
    if len(re.sub(PICTURE, "", source)) > MAX_RENDERED:
        return False
    try:
        html = MarkdownWithMath(renderer=_Strict(taken, attachments)).render(source)
    except Exception:  # noqa: BLE001 - what cannot be rendered here would fail in formgrader, too
        return False
    # MathJax reads the page, in which an entity is the character that it stands for.
    return not TEX_COMMAND.search(source) and not TEX_COMMAND.search(unescape(html))


class _HarmfulError(Exception):
    """Say that a text has a part that may do more than be shown."""


class _Strict(IPythonRenderer):
    """Refuse what nbconvert passes on without escaping it."""

    def __init__(self, taken: Collection[str], attachments: Attachments) -> None:
        super().__init__(escape=False, attachments=attachments)
        self._taken = taken

    def inline_html(self, html: str) -> str:
        raise _HarmfulError

    def block_html(self, html: str) -> str:
        raise _HarmfulError

    def block_mermaidjs(self, code: str) -> str:
        raise _HarmfulError

    def link(self, text: str, url: str, title: str | None = None) -> Any:
        _check(url, ADDRESS)
        return super().link(text, url, title)

    def image(self, text: str, url: str, title: str | None = None) -> Any:
        _check(url, SOURCE)
        return super().image(text, url, title)

    def heading(self, text: str, level: int, **attributes: Any) -> Any:
        html = super().heading(text, level, **attributes)
        if any(unescape(name) in self._taken for name in HEADING_ID.findall(html)):
            raise _HarmfulError
        return html


def _check(url: str, allowed: re.Pattern[str]) -> None:
    # As the browser reads it: `java&#115;cript:` is no harmless address.
    if not allowed.match(unescape(url)):
        raise _HarmfulError
