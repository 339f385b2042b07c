"""An assignment as its instructor wrote it: what each cell is for, and what students were given."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
    notebooks = [_read(course, path, release / path.name) for path in masters]
    data_files = _find_data_files(folder, release)
    return Assignment(name, tuple(notebooks), masters, data_files, _digest(notebooks, data_files))


def _find_data_files(folder: Path, release: Path) -> Files:
    """Return the files beside the masters in `folder`, and those that lie in `release` as well."""
    files = tuple(find_files(folder))
    # Where nothing is released yet, students may get any of them.
    if not release.is_dir():
        return Files(files, files)

    # What was left out of the release is for tests only: no student process is to see it.
    released = {file.name for file in find_files(release)}
    return Files(files, tuple(file for file in files if file.name in released))


def _read(course: Course, master: Path, released: Path) -> MasterNotebook:
    try:
        return read_master(master, released if released.exists() else None)
    except CourseError as error:
        # A message is one line, so it names the file as one would type it in the course's folder.
        raise CourseError(str(error).replace(f"{course.root}{os.sep}", "")) from error


def _digest(notebooks: Sequence[MasterNotebook], files: Files) -> str:
    """Return a hash (SHA-256) of what grading reads: prose can be mended without a new grading."""
    total = sha256()
    for notebook in notebooks:
        facts = [notebook.name, [*_graded_facts(notebook)]]
        total.update(json.dumps(facts).encode() + b"\0")

    # A file that students did not get is not there for their code: that can change a grade.
    total.update(json.dumps([file.name for file in files.given]).encode())
    for file in files.all:
        content = file.path.read_bytes()
        # With its length, so that no content can pass for that of two files.
        total.update(f"\0{file.name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _graded_facts(notebook: MasterNotebook) -> Iterator[Sequence[object]]:
    """Yield what grading reads of each cell: of markdown only what students found to fill in.

    So no typo that is mended in a text, a model answer or a marking guide is a new assignment.
    """
    for cell, released in zip(notebook.cells, notebook.released, strict=True):
        source, given = (cell.source, released) if cell.kind == "code" else ("", "")
        stub = notebook.stubs.get(cell.name, "")
        purpose = (cell.role, cell.name, cell.id, cell.kind, cell.points, cell.skipped)
        yield [*purpose, source, given, stub]


def read_master(master: Path, released: Path | None) -> MasterNotebook:
    """Read the master and the notebook that students got.

    Raises `CourseError` when one of them is no notebook or two cells of the master share a name.
    """
    raw = _cells(master)
    cells = tuple(_cell(item) for item in raw)
    _refuse_shared_names(master, cells)
    if released is None:
        return MasterNotebook(master.stem, cells, {}, tuple(_as_released(cell) for cell in cells))

    raw_released = _cells(released)
    named = _sources_by_name(raw_released)
    sources = _released_sources(cells, raw_released, named)
    stubs = {
        cell.name: source
        for cell, item, source in zip(cells, raw, sources, strict=True)
        # A task asks for cells below it: its own text is no stub.
        if cell.name in named and grading(item).get("solution")
    }
    return MasterNotebook(master.stem, cells, stubs, sources)


def _refuse_shared_names(master: Path, cells: Sequence[Cell]) -> None:
    # Results, and nbgrader's gradebook, know a cell by nothing but its name.
    counts = Counter(cell.name for cell in cells if cell.name)
    shared = [name for name, count in counts.items() if count > 1]
    if shared:
        raise CourseError(f"{master}: cells share a name ({', '.join(shared)}); rename all but one")


def _cells(path: Path) -> list[Any]:
    cells = read(path).get("cells")
    if not isinstance(cells, list):
        raise CourseError(f"{path}: a notebook of an old format; open it in JupyterLab, save it")
    return cells


def _cell(raw: Any) -> Cell:
    role, cell_id = _role(raw), str(raw.get("id", ""))
    # For what an answer defines, the referee has stand-ins; all else it runs by itself.
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
    # So nbgrader marks what a person grades: a task, or an answer that has points of its own.
    if flags.get("task") or (grade and solution):
        return Role.WRITTEN
    # Whatever else it is marked as: no test can judge a text.
    if raw.cell_type != "code":
        return Role.WRITTEN if grade or solution else Role.TEXT
    if solution:
        return Role.ANSWER
    return Role.TEST if grade else Role.GIVEN


def _sources_by_name(released: Sequence[Any]) -> dict[str, str]:
    sources = {_name(raw): str(raw.source) for raw in released}
    # Before nbformat 4.5 cells had no ids: those without any name are known by their place.
    sources.pop("", None)
    return sources


def _released_sources(
    cells: Sequence[Cell], released: Sequence[Any], named: Mapping[str, str]
) -> tuple[str, ...]:
    """Return what students got for each of `cells`: the cell of the same name, or else place."""
    # Where a cell was added or dropped, places no longer tell which one is which.
    placed = released if len(cells) == len(released) else [None] * len(cells)
    return tuple(
        named[cell.name] if cell.name in named else _at_place(cell, raw)
        for cell, raw in zip(cells, placed, strict=True)
    )


def _name(raw: Any) -> str:
    return str(grading(raw).get("grade_id") or raw.get("id") or "")


def _at_place(cell: Cell, raw: Any | None) -> str:
    """Return the source of `raw`, which stands where `cell` does, if it can be that cell."""
    if raw is None or raw.cell_type != cell.kind:
        return _as_released(cell)
    # Both have a name, and not the same one: another cell has come to this place.
    if cell.name and _name(raw):
        return _as_released(cell)
    return str(raw.source)


def _as_released(cell: Cell) -> str:
    """Return the source without what students do not get to see."""
    source = cell.source
    for begin, end in SECRET:
        source = without_region(source, begin, end)
    return source
