"""An assignment as its instructor wrote it: what each cell is for, and what students were given."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.notebooks import (
    BEGIN_HIDDEN,
    BEGIN_MARK,
    BEGIN_SOLUTION,
    END_HIDDEN,
    END_MARK,
    END_SOLUTION,
    grading,
    read,
    tags,
    without_region,
)

SKIP_TAG = "skip-when-grading"
SECRET = ((BEGIN_SOLUTION, END_SOLUTION), (BEGIN_HIDDEN, END_HIDDEN), (BEGIN_MARK, END_MARK))
# IPython tokenizes a cell anew for each magic in it, which a hostile cell would make very slow.
MAX_PARSED, MAX_MAGICS = 50_000, 20
MAGIC = re.compile(r"^[ \t]*[%!?,;/]|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE)
NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Role(StrEnum):
    """Say what a cell is for."""

    GIVEN = "given"  # the instructor's code
    ANSWER = "answer"  # code of the student, which tests grade
    TEST = "test"
    WRITTEN = "written"  # marked by a person
    TEXT = "text"
    EXTRA = "extra"  # code that the student added


@dataclass(frozen=True)
class Cell:
    """Hold one cell; `name` is its `grade_id`, or else its id, or else empty.

    `defines` are the top-level names that the master's solution of an answer defines. A `skipped`
    cell need not be run for grading.
    """

    role: Role
    name: str
    kind: str
    source: str
    defines: tuple[str, ...] = ()
    points: float = 0.0
    skipped: bool = False
    id: str = ""


@dataclass(frozen=True)
class MasterNotebook:
    """Hold the cells of a master notebook.

    `released` has, cell by cell, what students got in their place.
    `stubs` are the answers and written answers that students found, by name. Without a released
    notebook it is empty, and `released` is the master without solutions, as far as can be told.
    """

    name: str
    cells: tuple[Cell, ...]
    stubs: Mapping[str, str]
    released: tuple[str, ...]


def read_master(master: Path, released: Path | None) -> MasterNotebook:
    """Read the master and the notebook that students got.

    Raises `CourseError` when one of them is no notebook or two cells of the master share a name.
    """
    raw = _cells(master)
    cells = tuple(_cell(item) for item in raw)
    counts = Counter(cell.name for cell in cells if cell.name)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise CourseError(f"{master}: cells share a name ({', '.join(twice)}); rename all but one")
    if released is None:
        return MasterNotebook(master.stem, cells, {}, tuple(_as_released(cell) for cell in cells))
    others = _cells(released)
    found = {name for other in others for name in _names(other)}
    given = _released_sources(cells, others)
    stubs = {
        cell.name: source
        for cell, item, source in zip(cells, raw, given, strict=True)
        # A task asks for cells below it: its own text is no stub.
        if cell.name in found and grading(item).get("solution")
    }
    return MasterNotebook(master.stem, cells, stubs, given)


def runnable(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells that are run for grading."""
    return tuple(cell for cell in cells if cell.kind == "code" and not cell.skipped)


def leading_given(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the instructor's cells that are run before anything else."""
    return tuple(takewhile(lambda cell: cell.role is Role.GIVEN, runnable(cells)))


def defined_names(source: str) -> tuple[str, ...]:
    """Return the names that the code `source` defines at its top level, imports left out.

    What cannot be parsed, or not in reasonable time, defines nothing.
    """
    tree = _parse(source) if len(source) <= MAX_PARSED else None
    names = (name for node in _top_level(tree.body) for name in _bound(node)) if tree else ()
    return tuple(dict.fromkeys(names))


def _cells(path: Path) -> list[Any]:
    cells = read(path).get("cells")
    if not isinstance(cells, list):
        raise CourseError(f"{path}: a notebook of an old format; open it in JupyterLab, save it")
    return cells


def _cell(raw: Any) -> Cell:
    role, cell_id = _role(raw), str(raw.get("id", ""))
    return Cell(
        role=role,
        name=str(grading(raw).get("grade_id") or cell_id),
        kind=raw.cell_type,
        source=raw.source,
        defines=defined_names(raw.source) if role is Role.ANSWER else (),
        points=float(grading(raw).get("points") or 0),
        skipped=SKIP_TAG in tags(raw),
        id=cell_id,
    )


def _role(raw: Any) -> Role:
    flags = grading(raw)
    grade, solution = bool(flags.get("grade")), bool(flags.get("solution"))
    if flags.get("task") or (grade and solution):
        return Role.WRITTEN
    if raw.cell_type != "code":
        return Role.WRITTEN if grade or solution else Role.TEXT
    if solution:
        return Role.ANSWER
    return Role.TEST if grade else Role.GIVEN


def _released_sources(cells: Sequence[Cell], released: Sequence[Any]) -> tuple[str, ...]:
    """Return what students got for each of `cells`: the cell of the same name, or else place."""
    named = {name: raw.source for raw in released for name in _names(raw)}
    placed = released if len(cells) == len(released) else [None] * len(cells)
    return tuple(
        named[cell.name] if cell.name in named else _at_place(cell, raw)
        for cell, raw in zip(cells, placed, strict=True)
    )


def _names(raw: Any) -> list[str]:
    name = grading(raw).get("grade_id") or raw.get("id")
    return [str(name)] if name else []


def _at_place(cell: Cell, raw: Any | None) -> str:
    """Return the source of `raw`, which stands where `cell` does, if it can be that cell."""
    fits = raw is not None and raw.cell_type == cell.kind and not (cell.name and _names(raw))
    return str(raw.source) if raw is not None and fits else _as_released(cell)


def _as_released(cell: Cell) -> str:
    """Return the source without what students do not get to see."""
    source = cell.source
    for begin, end in SECRET:
        source = without_region(source, begin, end)
    return source


def _parse(source: str) -> ast.Module | None:
    """Parse Python or else IPython code; return None when it is neither."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a student's code deserves a warning for
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
        if len(MAGIC.findall(source)) > MAX_MAGICS:
            return None
        # Importing IPython takes a while, which `course --help` should not pay.
        from IPython.core.inputtransformer2 import TransformerManager

        try:
            python: str = TransformerManager().transform_cell(source)
            return ast.parse(python)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements that run at top level, in their order, those inside of others included."""
    waiting = [*reversed(body)]  # no recursion: a chain of `elif`s is nested deeply
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, NAMED):
            waiting.extend(reversed([*_inside(node)]))


def _inside(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements directly inside of an `if`, `try`, `for`, `with`, `while`, `match`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from child.body


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that the statement `node` itself binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from _target_names(targets)
        case (
            ast.AnnAssign(target=target)
            | ast.AugAssign(target=target)
            | ast.For(target=target)
            | ast.AsyncFor(target=target)
        ):
            yield from _target_names([target])
        case ast.With(items=items) | ast.AsyncWith(items=items):
            yield from _target_names([item.optional_vars for item in items if item.optional_vars])


def _target_names(targets: Sequence[ast.expr]) -> Iterator[str]:
    waiting = [*reversed(targets)]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                waiting.extend(reversed(elements))
            case ast.Starred(value=value):
                waiting.append(value)
