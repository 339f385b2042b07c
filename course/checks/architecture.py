"""What the pages about the code name is there, and ARCHITECTURE.md leaves no folder out."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from markdown_it.token import Token

from course.checks.links import flatten, link_targets
from course.checks.masters import markdown_tokens
from course.checks.problems import Problem
from course.layout import Course

PAGE = Path("ARCHITECTURE.md")
GRADER = Path("course/grading")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
TEST_FILE = re.compile(r"\btest_\w+\.py\b")


def check_architecture(course: Course) -> list[Problem]:
    """Return what ARCHITECTURE.md leaves out or makes up; a course without that page needs none.

    It must link to each folder at the top of what git keeps and to each package of the grader.
    Where its links lead is looked at by `check_links`.
    """
    if not (course.root / PAGE).is_file():
        return []
    tokens = _tokens(course.root / PAGE)
    linked = {target.rstrip("/") for target in link_targets(tokens)}
    rooms = sorted({*_top_folders(course.root), *_packages(course.root)})
    problems = [
        Problem(PAGE, f"does not link to `{room}/`", "say there what the folder is for")
        for room in rooms
        if room not in linked
    ]
    for name in _named_paths(tokens):
        if not (course.root / name).exists():
            problems.append(Problem(PAGE, f"names `{name}`, which is not there", "mend the name"))
    return problems


def check_named_tests(course: Course) -> list[Problem]:
    """Return each test file that a page at the top names and that is nowhere under tests/.

    A course without a folder of tests may write of whatever it likes.
    """
    tests = course.root / "tests"
    if not tests.is_dir():
        return []
    known = {path.name for path in tests.rglob("test_*.py")}
    problems = []
    for page in sorted(course.root.glob("*.md")):
        code = "\n".join(token.content for token in _tokens(page) if token.type == "code_inline")
        for name in dict.fromkeys(TEST_FILE.findall(code)):
            if name not in known:
                message = f"names `{name}`, which is nowhere under tests/"
                problems.append(Problem(page.relative_to(course.root), message, "mend the name"))
    return problems


def _tokens(page: Path) -> list[Token]:
    return list(flatten(markdown_tokens(page.read_text(encoding="utf-8"))))


def _top_folders(root: Path) -> set[str]:
    """Return the folders at the top of what git keeps; none where git keeps nothing of `root`."""
    # Only what git keeps: folders such as build/ come and go. Without -z, git quotes some names.
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return set()  # there is no git here, or `root` is a copy without its history
    return {name.partition("/")[0] for name in listing.split("\0") if "/" in name}


def _packages(root: Path) -> Iterator[str]:
    """Yield the packages of the grader as paths from `root`."""
    for init in (root / GRADER).glob("*/__init__.py"):
        yield init.parent.relative_to(root).as_posix()


def _named_paths(tokens: list[Token]) -> Iterator[str]:
    """Yield what is written as code and looks like a path from the root, once each."""
    spans = dict.fromkeys(token.content for token in tokens if token.type == "code_inline")
    for span in spans:
        if "/" in span and PATH.fullmatch(span):
            yield span
