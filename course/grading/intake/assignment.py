"""An assignment as its instructor wrote it: what each cell is for, and what students were given."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.grading.intake.files import Files, find_files
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.ipython_code import defined_names, imports_of
from course.layout import Course
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


@dataclass(frozen=True)
class Assignment:
    """Hold an assignment: its notebooks in order of their names, and the files beside them.

    `masters` are the paths of the notebooks. `digest` (SHA-256) covers all that a grade depends on.
    """

    name: str
    notebooks: tuple[MasterNotebook, ...]
    masters: tuple[Path, ...] = ()
    files: Files = field(default_factory=Files)
    digest: str = ""


def read_assignment(course: Course, name: str) -> Assignment:
    """Read all that is graded in the assignment `name`, or the lesson, of `course`.

    Raises `CourseError` for an unknown name, and what `read_master` raises.
    """
    course.select([name])
    folder, release = course.masters / name, course.release / name
    masters = tuple(sorted(folder.glob("*.ipynb")))
    files, released = find_files(folder), find_files(release)
    names = {file.name for file in released}
    given = (file for file in files if file.name in names or not release.is_dir())
    notebooks = [_read(course, path, release / path.name) for path in masters]
    data_files = Files(tuple(files), tuple(given))
    return Assignment(name, tuple(notebooks), masters, data_files, _digest(notebooks, data_files))


def _read(course: Course, master: Path, released: Path) -> MasterNotebook:
    try:
        return read_master(master, released if released.exists() else None)
    except CourseError as error:
        raise CourseError(str(error).replace(f"{course.root}{os.sep}", "")) from error


def _digest(notebooks: Sequence[MasterNotebook], files: Files) -> str:
    """Return a hash (SHA-256) of what grading reads: prose can be mended without a new grading."""
    total = sha256()
    for notebook in notebooks:
        facts = [notebook.name, [*_graded_facts(notebook)]]
        total.update(json.dumps(facts).encode() + b"\0")
    total.update(json.dumps([file.name for file in files.given]).encode())
    for file in files.all:
        content = file.path.read_bytes()
        total.update(f"\0{file.name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _graded_facts(notebook: MasterNotebook) -> Iterator[Sequence[object]]:
    """Yield what grading reads of each cell: of markdown only what students found to fill in.

    So no typo that is mended in a text, a model answer or a marking guide is a new assignment.
    """
    for cell, released in zip(notebook.cells, notebook.released, strict=True):
        is_code = cell.kind == "code"
        yield [
            *(cell.role, cell.name, cell.id, cell.kind, cell.points, cell.skipped),
            *(cell.source if is_code else "", released if is_code else ""),
            notebook.stubs.get(cell.name, ""),
        ]


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


def _cells(path: Path) -> list[Any]:
    cells = read(path).get("cells")
    if not isinstance(cells, list):
        raise CourseError(f"{path}: a notebook of an old format; open it in JupyterLab, save it")
    return cells


def _cell(raw: Any) -> Cell:
    role, cell_id = _role(raw), str(raw.get("id", ""))
    is_students = raw.cell_type == "code" and role in (Role.ANSWER, Role.WRITTEN)
    return Cell(
        role=role,
        name=str(grading(raw).get("grade_id") or cell_id),
        kind=raw.cell_type,
        source=raw.source,
        defines=defined_names(raw.source) if is_students else (),
        imports=imports_of(raw.source) if is_students else "",
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
