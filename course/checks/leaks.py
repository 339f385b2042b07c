"""What masters withhold from students stands in no file that students get."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.checks.markers import HIDDEN, MARK, MARKERS, SOLUTION, WORDS
from course.checks.masters import Master
from course.checks.problems import Problem
from course.ipython_code import parse_or_none
from course.layout import Course
from course.notebooks import Marker, is_answer, is_discussion, read_regions

# A line tells something when it has this many characters besides spaces, and is no idiom.
SHORTEST_TELLING_LINE = 12
NAMES = r"[\w.]+(?:, [\w.]+)*"
CALL = rf"[\w.]+\((?:{NAMES}(?:=[\w.]+)?)?\)"
IDIOM = re.compile(
    rf"#.*|@.*|(?:from|import|def|class)\b.*|super\(\).*|\w+:|return {NAMES}|{CALL}"
    rf"|(?:if|elif|while) (?:not )?[\w.]+(?: is(?: not)? None)?:|with {CALL}(?: as \w+)?:"
    rf"|{NAMES} = [\w.]+\(|\w+ = torch\.Generator\(\)\.manual_seed\(\d+\)"
    rf"|for {NAMES} in (?:{NAMES}|{CALL}):|{NAMES} [-+*/]?= (?:{NAMES}|{CALL}|\[\]|\{{\}})"
)
# A function whose body has fewer nodes in its syntax tree is written alike by anybody.
SMALLEST_TELLING_BODY = 15


@dataclass(frozen=True)
class Secret:
    """Keep a telling line, without its spaces, and the cell of a master that withholds it."""

    line: str
    source: str


def check_leaks(course: Course, masters: list[Master]) -> list[Problem]:
    """Return each published file that shows a solution, a hidden test or a marking guide."""
    # Solutions are published with the answers, but never with what grades them.
    never_shown = (HIDDEN, MARK)
    from_students = _secrets_of_all(masters, MARKERS)
    from_everybody = _secrets_of_all(masters, never_shown)
    helpers = (course.root / "helpers").rglob("*.py")
    return [
        *_leaks(course, course.release.rglob("*"), from_students, MARKERS),
        *_leaks(course, course.solutions.rglob("*"), from_everybody, never_shown),
        *_leaks(course, helpers, from_students, ()),
        *_copied_functions(course, masters),
    ]


def _secrets_of_all(masters: list[Master], markers: tuple[Marker, ...]) -> list[Secret]:
    return [secret for master in masters for secret in secrets(master, markers)]


def secrets(master: Master, markers: tuple[Marker, ...]) -> list[Secret]:
    """Return the telling lines in the regions of `markers` that stand nowhere open in `master`."""
    open_lines: list[str] = []
    found: list[Secret] = []
    for cell in master.cells:
        source = f"cell `{cell.id}` of {master.file}"
        for line, is_withheld in _lines(cell, markers):
            if not is_withheld:
                open_lines.append(line)
            elif _is_telling(line):
                found.append(Secret(squeeze(line), source))

    # What students can read elsewhere in the lesson tells them nothing new.
    shown = squeeze("\n".join(open_lines))
    return [secret for secret in found if secret.line not in shown]


def squeeze(text: str) -> str:
    """Return `text` without spaces, so that a change of layout hides nothing; lines stay lines."""
    return "\n".join("".join(line.split()) for line in text.splitlines())


def _lines(cell: Any, markers: tuple[Marker, ...]) -> Iterator[tuple[str, bool]]:
    """Yield each line of `cell` and whether it is withheld."""
    answers = is_answer(cell) or is_discussion(cell)
    # Without a region, nbgrader takes the whole of an answer away.
    whole = SOLUTION in markers and answers and SOLUTION.begin not in cell.source
    for line in read_regions(cell.source.splitlines(), markers):
        if not line.is_marker:
            yield line.text, whole or line.is_withheld


def _is_telling(line: str) -> bool:
    return len(squeeze(line)) >= SHORTEST_TELLING_LINE and not IDIOM.fullmatch(line.strip())


def _leaks(
    course: Course, files: Iterable[Path], secrets: list[Secret], markers: tuple[Marker, ...]
) -> Iterator[Problem]:
    """Yield a problem for each cell that a file gives away, and one for a file with markers."""
    lines = "\n".join(f"{marker.begin}\n{marker.end}" for marker in markers)
    words = set(WORDS.findall(lines))
    for path in sorted(file for file in files if file.is_file()):
        if ".ipynb_checkpoints" in path.parts:
            continue
        text, file = _text(path), path.relative_to(course.root)
        if words & set(WORDS.findall(text)):
            yield Problem(file, "still has markers of a master", "run `make build` and commit")
        squeezed = squeeze(text)
        # One line of each cell is enough to find it by.
        found = {secret.source: secret for secret in secrets if secret.line in squeezed}
        for source, secret in found.items():
            message = f"shows `{secret.line[:60]}`, which {source} withholds"
            yield Problem(file, message, "take it out, or run `make build` if it is generated")


def _text(path: Path) -> str:
    """Return all that a reader may see of a file: of a notebook, every string that it holds."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".ipynb":
        return text
    try:
        return "\n".join(_strings(json.loads(text)))
    except json.JSONDecodeError:
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        yield "".join(value)  # one text, cut into lines
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


def _copied_functions(course: Course, masters: list[Master]) -> Iterator[Problem]:
    """Yield each function in `helpers/` that is a solution, whatever its variables are called."""
    solved: dict[str, str] = {}
    for master in masters:
        for cell in filter(is_answer, master.cells):
            shapes = [shape for _, shape in _withheld_functions(cell)]
            solved |= dict.fromkeys(shapes, f"the solution in cell `{cell.id}` of {master.file}")

    for path in sorted((course.root / "helpers").rglob("*.py")):
        for function, shape in _functions(path.read_text(encoding="utf-8")):
            if shape in solved:
                message = f"its function `{function.name}` is {solved[shape]}"
                yield Problem(path.relative_to(course.root), message, "take it out of helpers")


def _withheld_functions(cell: Any) -> Iterator[tuple[ast.FunctionDef, str]]:
    shown = squeeze("\n".join(line for line, withheld in _lines(cell, MARKERS) if not withheld))
    for function, shape in _functions(cell.source):
        if squeeze(ast.get_source_segment(cell.source, function) or "") not in shown:
            yield function, shape


def _functions(source: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Yield each function of `source` that tells something, with the shape of its body."""
    nodes = ast.walk(parse_or_none(source) or ast.Module([], []))
    for function in (node for node in nodes if isinstance(node, ast.FunctionDef)):
        # A copy, as its variables are renamed below, and without the docstring.
        body = deepcopy(function.body)[ast.get_docstring(function) is not None :]
        size = sum(len([*ast.walk(statement)]) for statement in body)
        if size >= SMALLEST_TELLING_BODY:
            arguments = (node for node in ast.walk(function.args) if isinstance(node, ast.arg))
            yield function, _shape(body, {argument.arg for argument in arguments})


def _shape(body: list[ast.stmt], arguments: set[str]) -> str:
    """Return the structure of `body` with its variables numbered in place of their names."""
    names = [node for node in ast.walk(ast.Module(body, [])) if isinstance(node, ast.Name)]
    # Only what the function names itself: what it calls tells solutions apart.
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)} | arguments
    numbers: dict[str, str] = {}
    for node in names:
        if node.id in own:
            node.id = numbers.setdefault(node.id, f"variable{len(numbers)}")
    return "\n".join(map(ast.dump, body))
