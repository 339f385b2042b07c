"""Rebuild the notebook to be run from the master, with nothing but sources from the student."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.grading.intake.recognition import THE_STUDENTS, Found, Way, recognise
from course.grading.intake.submitted_cells import read_submitted_cells
from course.grading.model.cells import Cell, MasterNotebook, Role
from course.grading.model.rebuilt import Rebuilt

AT_THE_START = -1  # the place of extra cells that follow no cell of the master


def rebuild(master: MasterNotebook, submitted: Any) -> Rebuilt:
    """Return the cells of `master` with the answers and extra cells in `submitted`.

    Raises `CourseError` when that is no notebook or absurdly large.
    """
    found = recognise(master, read_submitted_cells(submitted))
    chosen = found.choose()
    extras = _extras(found, chosen)
    cells: list[Cell] = [*extras[AT_THE_START]]
    unanswered: list[str] = []
    for place, cell in enumerate(master.cells):
        # Whatever is not the student's comes from the master: tests, given cells and their places.
        if found.is_students(place):
            cell = _with_answer(found, place, chosen)
            if place not in chosen or found.is_stub(place, chosen[place]):
                unanswered.append(cell.name)
        if cell.role is not Role.TEXT:
            cells.append(cell)
        cells += extras[place]
    return Rebuilt(tuple(cells), tuple(_repairs(found, chosen)), tuple(unanswered))


def _with_answer(found: Found, place: int, chosen: Mapping[int, int]) -> Cell:
    """Return the answer cell at `place` with the source that was handed in."""
    cell = found.master.cells[place]
    if place in chosen:
        return replace(cell, source=found.submitted[chosen[place]].source)
    # A stub stands for what is missing, so that later cells find the name.
    return replace(cell, source=found.master.stubs.get(cell.name, ""))


def _extras(found: Found, chosen: Mapping[int, int]) -> defaultdict[int, list[Cell]]:
    """Return the student's own cells by the place in the master that they follow, if any."""
    place_of = {index: place for place, index in chosen.items()}
    extras = defaultdict[int, list[Cell]](list)
    after = AT_THE_START
    for index, own in enumerate(found.submitted):
        if index in place_of:
            after = place_of[index]
        elif _is_extra(found, index, chosen):
            extras[after].append(Cell(Role.EXTRA, "", own.kind, own.source))
    return extras


def _is_extra(found: Found, index: int, chosen: Mapping[int, int]) -> bool:
    """Tell whether a cell that was not chosen is still to be run, or read by who marks a task."""
    own, match = found.submitted[index], found.matches.get(index)
    if own.kind == "raw" or not own.source.strip():
        return False
    if match is None:
        return True

    # A copy of an answer may hold helpers of the one that was taken.
    is_same = own.squeezed == found.submitted[chosen[match.place]].squeezed
    is_students = found.is_students(match.place)
    return is_students and not is_same and not found.is_stub(match.place, index)


def _repairs(found: Found, chosen: Mapping[int, int]) -> Iterator[str]:
    """Yield what was mended, a line each, in the master's order."""
    candidates = found.candidates()
    for place, cell in enumerate(found.master.cells):
        if cell.role in THE_STUDENTS:
            yield from _repairs_of_answer(found, place, candidates.get(place, []), chosen)
        elif cell.role is not Role.TEXT:
            yield from _repairs_of_given(found, place, candidates.get(place, []))
    # Where there are copies, nobody can tell which one moved.
    alone = [indices[0] for _, indices in sorted(candidates.items()) if len(indices) == 1]
    if alone != sorted(alone):
        yield "the cells were in another order; the original order was taken"


def _repairs_of_answer(
    found: Found, place: int, candidates: Sequence[int], chosen: Mapping[int, int]
) -> Iterator[str]:
    cell = found.master.cells[place]
    if not candidates:
        yield f"the answer to {cell.name} is missing"
        return
    if (way := found.matches[chosen[place]].way) is not Way.NAME:
        yield f"the answer cell {cell.name} had lost its metadata; it was recognised by {way}"
    if len(candidates) > 1:
        times = "twice" if len(candidates) == 2 else f"{len(candidates)} times"
        is_stub = found.is_stub(place, chosen[place])
        which = "" if is_stub else " that differs from the stub"
        yield f"the cell {cell.name} was there {times}; the last one{which} was taken"
    if found.submitted[chosen[place]].kind != cell.kind:
        yield f"the answer cell {cell.name} was no longer of the kind {cell.kind}; it was made so"


def _repairs_of_given(found: Found, place: int, candidates: Sequence[int]) -> Iterator[str]:
    cell = found.master.cells[place]
    title = f"the {cell.role} cell {cell.name or f'no. {place + 1}'}"
    kept = [found.is_original(place, index) for index in candidates]
    if not kept:
        yield f"{title} was missing; it was put back"
    elif not any(kept):
        yield f"{title} had been changed; the original was run"
    elif not all(kept):
        yield f"{title} had a changed copy; the original was run"
