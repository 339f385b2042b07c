"""Every link into the repository leads to a file that is there."""

import re
from collections.abc import Iterator
from itertools import chain, pairwise, product
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it.token import Token

from course.checks.masters import Master, markdown_tokens
from course.checks.problems import Problem, from_error
from course.errors import CourseError
from course.layout import Course, Publication

PAGES = ("*.md", "docs/**/*.md", ".github/**/*.md")
HTML_TARGET = re.compile(r"""\b(?:href|src)\s*=\s*["']([^"']+)["']""")
HTML_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']+)["']""")
REMEDY = "mend the address, or add what it names"


def check_links(course: Course, masters: list[Master]) -> list[Problem]:
    """Return the dead links of the masters' prose and of the repository's pages.

    Other sites are never asked.
    """
    try:
        prefixes = _own_addresses(course.publication)
    except CourseError as error:
        return [from_error(error, course.root)]
    problems: list[Problem] = []
    for file, texts in _documents(course, masters):
        # The cells of a notebook are one page: a link in one leads to a heading in another.
        parsed = [flatten(markdown_tokens(text)) for text in texts]
        tokens = [*chain.from_iterable(parsed)]
        anchors = set(_anchors(tokens))
        for target in dict.fromkeys(link_targets(tokens)):
            if not _is_alive(target, course.root / file, anchors, prefixes, root=course.root):
                problems.append(Problem(file, f"has a dead link to `{target}`", REMEDY))
    return problems


def _own_addresses(publication: Publication) -> tuple[str, ...]:
    """Return what addresses of the repository's own files begin with."""
    repository = publication.repository
    # Pages say the branch, notebooks of a release its tag.
    states = dict.fromkeys((publication.branch, publication.revision))
    kinds = ("blob", "tree", "raw")
    pages = [f"{repository}/{kind}/{state}/" for state, kind in product(states, kinds)]
    return (*pages, publication.colab(""))


def _documents(course: Course, masters: list[Master]) -> Iterator[tuple[Path, list[str]]]:
    """Yield each file with markdown in it, relative to the root, and its pieces of markdown."""
    for master in masters:
        prose = (cell.source for cell in master.cells if cell.cell_type == "markdown")
        yield master.file, [_fill_placeholder(text) for text in prose]
    for pattern in PAGES:
        for path in sorted(course.root.glob(pattern)):
            yield path.relative_to(course.root), [path.read_text(encoding="utf-8")]


def _fill_placeholder(text: str) -> str:
    """Stand in for the build; a placeholder that it does not know remains as a dead link."""
    filled = text.replace("{{ colab }}", "https://colab.research.google.com")
    return re.sub(r"\{\{ *(\w+) *\}\}", r"{{\1}}", filled)


def flatten(tokens: list[Token]) -> Iterator[Token]:
    """Yield block tokens and, behind each, the inline tokens that are in it."""
    for token in tokens:
        yield token
        yield from flatten(token.children or [])


def link_targets(tokens: list[Token]) -> Iterator[str]:
    """Yield where links and images lead, in markdown and in HTML."""
    for token in tokens:
        if token.type in ("link_open", "image"):
            yield unquote(str(token.attrGet("href") or token.attrGet("src") or ""))
        elif token.type in ("html_inline", "html_block"):
            yield from HTML_TARGET.findall(token.content)


def _anchors(tokens: list[Token]) -> Iterator[str]:
    """Yield the names of headings as GitHub and Jupyter make them, and those set in HTML."""
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            words = "".join(child.content for child in token.children or [])
            # GitHub's way, then Jupyter's.
            yield re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            yield words.lower().replace(" ", "-")
    for token in tokens:
        if token.type in ("html_inline", "html_block"):
            yield from (name.lower() for name in HTML_ANCHOR.findall(token.content))


def _is_alive(
    target: str, file: Path, anchors: set[str], prefixes: tuple[str, ...], *, root: Path
) -> bool:
    # An address of our own leads to what will be there once this is published.
    for prefix in prefixes:
        if target.startswith(prefix):
            return _is_inside(root, root / urlsplit(target.removeprefix(prefix)).path)
    address = urlsplit(target)
    if address.scheme or address.netloc:
        return True
    # JupyterLab and GitHub write the letters of an anchor differently.
    if not address.path:
        return not address.fragment or address.fragment.lower() in anchors
    start = root if address.path.startswith("/") else file.parent
    return _is_inside(root, start / address.path.lstrip("/"))


def _is_inside(root: Path, path: Path) -> bool:
    # What lies outside is there on this machine only.
    return path.exists() and path.resolve().is_relative_to(root.resolve())
