"""Recognise which cell of the master each cell of a submission is, if any."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from course.grading.intake.submitted_cells import Parts, SubmittedCell, parts_of, squeeze, trim
from course.grading.model.cells import MasterNotebook, Role
from course.ipython_code import defined_names

# Bounds on the work that a hostile notebook can cause; real ones stay far below.
MAX_NAMED_CHARACTERS, MAX_WINDOW, MAX_COMPARED = 100_000, 50, 300
# How alike a copy is to its original at least, and an answer to its stub or solution.
COPY, ALIKE = 0.8, 0.4
THE_STUDENTS = (Role.ANSWER, Role.WRITTEN)


class Way(StrEnum):
    """Say in words how a cell of a submission was recognised."""

    NAME = "its nbgrader name"
    ID = "its id"
    DEFINED = "the name that it defines"
    SOURCE = "its text"
    ORDER = "its text and its place"
    LIKENESS = "a text like it"
    PLACE = "its place and a text like it"


@dataclass(frozen=True)
class Match:
    """Say which cell of the master a submitted one is, by its place there, and how it was found."""

    place: int
    way: Way


@dataclass(frozen=True)
class Found:
    """Hold the master, the cells of a submission and which of them are recognised so far."""

    master: MasterNotebook
    submitted: tuple[SubmittedCell, ...]
    matches: Mapping[int, Match]

    @property
    def unmatched(self) -> list[int]:
        """Return which submitted cells, by their index, are not recognised yet."""
        return [index for index in range(len(self.submitted)) if index not in self.matches]

    @property
    def claimed(self) -> set[int]:
        """Return the places in the master for which there is a submitted cell."""
        return {match.place for match in self.matches.values()}

    def is_students(self, place: int) -> bool:
        """Tell whether what stands at `place` is the student's to write."""
        return self.master.cells[place].role in THE_STUDENTS

    def is_original(self, place: int, index: int) -> bool:
        """Tell whether a submitted cell is what students got at `place`, or what is there."""
        originals = (self.master.released[place], self.master.cells[place].source)
        return self.submitted[index].trimmed in map(trim, originals)

    def is_stub(self, place: int, index: int) -> bool:
        """Tell whether one answers nothing: it is blank or what students got at `place`."""
        stub = self.master.stubs.get(self.master.cells[place].name, "")
        return self.submitted[index].squeezed in ("", squeeze(stub))

    def candidates(self) -> dict[int, list[int]]:
        """Return the submitted cells of each place that has any, in their order."""
        candidates = defaultdict(list)
        for index, match in sorted(self.matches.items()):
            candidates[match.place].append(index)
        return candidates

    def choose(self) -> dict[int, int]:
        """Return the submitted cell that stands for each place that has any."""
        return {place: self._choice(place, found) for place, found in self.candidates().items()}

    def _choice(self, place: int, found: Sequence[int]) -> int:
        if self.is_students(place):
            # The last one, as that is what a name means when all cells have run.
            answered = [i for i in found if not self.is_stub(place, i)]
            return (answered or found)[-1]
        # Only for the report on what was changed: the master's own cell is run in any case.
        return next((i for i in found if self.is_original(place, i)), found[0])


Recogniser = Callable[[Found], dict[int, int]]


def recognise(master: MasterNotebook, submitted: tuple[SubmittedCell, ...]) -> Found:
    """Find out which cell of the master each submitted one is; the surest ways come first."""
    ways: tuple[tuple[Way, Recogniser], ...] = (
        (Way.NAME, _by_name),
        (Way.ID, _by_id),
        (Way.SOURCE, _by_source),
        (Way.DEFINED, _by_defined_names),
        (Way.ORDER, _by_order),
        (Way.LIKENESS, _by_likeness),
        (Way.PLACE, _by_place),
    )
    found = Found(master, submitted, {})
    for way, recogniser in ways:
        # An honest notebook is known by its names and ids: nothing is then read or compared.
        if not found.unmatched:
            break
        new = {index: Match(place, way) for index, place in recogniser(found).items()}
        found = replace(found, matches={**found.matches, **new})
    return found


def _by_name(found: Found) -> dict[int, int]:
    cells = found.master.cells
    places = {cell.name: place for place, cell in enumerate(cells) if cell.name}
    named = ((index, places.get(found.submitted[index].name)) for index in found.unmatched)
    return {index: place for index, place in named if place is not None}


def _by_id(found: Found) -> dict[int, int]:
    places = {cell.id: place for place, cell in enumerate(found.master.cells) if cell.id}
    known = ((index, places.get(found.submitted[index].id)) for index in found.unmatched)
    # Of a given cell any copy is as good; an answer's own name says more than an id.
    taken = {place for place in found.claimed if found.is_students(place)}
    return {index: place for index, place in known if place is not None and place not in taken}


def _by_source(found: Found) -> dict[int, int]:
    """Recognise what is not the student's by a text that stands but once in the master."""
    places = defaultdict(set)
    for place, cell in enumerate(found.master.cells):
        for source in (cell.source, found.master.released[place]):
            places[cell.kind, trim(source)].add(place)
    result = {}
    for index in found.unmatched:
        own = found.submitted[index]
        # Of a text that stands there twice, `_by_order` finds out which one this is.
        same = places.get((own.kind, own.trimmed), set())
        if len(same) == 1 and not found.is_students(min(same)):
            result[index] = min(same)
    return result


def _by_defined_names(found: Found) -> dict[int, int]:
    """Recognise answers by names that nothing else in the master defines."""
    cells, claimed = found.master.cells, found.claimed
    missing = [p for p, cell in enumerate(cells) if cell.role is Role.ANSWER and p not in claimed]
    # To parse all that is unknown takes its time, so only where it can find something.
    if not any(cells[place].defines for place in missing):
        return {}
    names_in = _names_in_unmatched(found)
    if not names_in:
        return {}

    definitions = _count_definitions(found.master)
    result: dict[int, int] = {}
    for place in missing:
        telling = {name for name in cells[place].defines if definitions[name] == 1}
        overlaps = {index: len(telling & names) for index, names in names_in.items()}
        most = max(overlaps.values())
        # Copies of an answer define as much as it does: `choose` tells later which one counts.
        best = [index for index, size in overlaps.items() if size == most > 0]
        for index in best:
            result.setdefault(index, place)
    return result


def _names_in_unmatched(found: Found) -> dict[int, set[str]]:
    """Return what the cells that are not recognised yet define, by their index."""
    names, left = {}, MAX_NAMED_CHARACTERS
    for index in found.unmatched:
        own = found.submitted[index]
        # One budget for all of them: many cells are as good an attack as a long one.
        left -= len(own.source)
        if own.kind == "code" and left >= 0:
            names[index] = set(defined_names(own.source))
    return names


def _count_definitions(master: MasterNotebook) -> Counter[str]:
    """Return in how many cells of the master each name is defined."""
    counts = Counter[str]()
    for cell in master.cells:
        counts.update(cell.defines)
        if cell.role is Role.GIVEN:
            counts.update(defined_names(cell.source))
    return counts


def _by_order(found: Found) -> dict[int, int]:
    """Recognise what students got and left alone, where several cells have the same text."""

    def same(place: int, index: int) -> float:
        is_kind = found.submitted[index].kind == found.master.cells[place].kind
        return float(is_kind and found.is_original(place, index))

    return _between_neighbours(found, range(len(found.master.cells)), same)


def _by_place(found: Found) -> dict[int, int]:
    """Recognise the student's cells by a likeness to the stub or the solution, and their place."""
    cells = found.master.cells
    places = [place for place, cell in enumerate(cells) if cell.role in THE_STUDENTS]
    originals = {
        place: [parts_of(found.master.released[place]), parts_of(cells[place].source)]
        for place in places
    }

    @lru_cache(MAX_WINDOW)  # many places look at the same cells
    def parts_at(index: int) -> Parts:
        return parts_of(found.submitted[index].source)

    def alike(place: int, index: int) -> float:
        own = found.submitted[index]
        if own.kind != cells[place].kind or not own.source.strip():
            return 0.0
        parts = parts_at(index)
        score = max(_likeness(parts, original, ALIKE) for original in originals[place])
        if score:
            return score
        # Prose need not be like anything: the first text that is not the master's must be it.
        is_prose = cells[place].role is Role.WRITTEN and own.kind == "markdown"
        return ALIKE if is_prose else 0.0

    return _between_neighbours(found, places, alike)


def _between_neighbours(
    found: Found, places: Sequence[int], score: Callable[[int, int], float]
) -> dict[int, int]:
    """Give each unclaimed place the submitted cell of the highest score between its neighbours."""
    chosen, result = found.choose(), {}
    for place in places:
        if place in chosen:
            continue
        between = _indices_between(chosen, place, len(found.submitted))
        free = [i for i in between if i not in found.matches and i not in result]
        scores = {index: score(place, index) for index in free[:MAX_WINDOW]}
        best = max(scores, key=lambda index: scores[index], default=None)
        if best is not None and scores[best] > 0:
            # It is a neighbour itself from now on, so that the order stays the master's.
            chosen[place], result[best] = best, place
    return result


def _indices_between(chosen: Mapping[int, int], place: int, end: int) -> range:
    """Return the submitted cells, of `end` in all, between those of the places around `place`."""
    before = max((other for other in chosen if other < place), default=None)
    after = min((other for other in chosen if other > place), default=None)
    first = 0 if before is None else chosen[before] + 1
    return range(first, end if after is None else chosen[after])


def _by_likeness(found: Found) -> dict[int, int]:
    """Recognise copies of what is not the student's, first of what is still missing."""
    cells = found.master.cells
    originals = [
        (place, cell.kind, parts_of(source))
        for place, cell in enumerate(cells)
        if cell.role not in THE_STUDENTS
        for source in {found.master.released[place], cell.source}
    ]
    result, claimed = {}, found.claimed
    for index in found.unmatched[:MAX_COMPARED]:
        own = found.submitted[index]
        parts, scores = parts_of(own.source), defaultdict[int, float](float)
        for place, kind, original in originals:
            if kind == own.kind:
                scores[place] = max(scores[place], _likeness(parts, original, COPY))
        # Of originals that are as like, one that is missing rather than one that is there.
        best = max(scores, key=lambda place: (scores[place], place not in claimed), default=None)
        if best is not None and scores[best] > 0:
            result[index] = best
            claimed.add(best)
    return result


def _likeness(parts: Parts, original: Parts, least: float) -> float:
    """Return how alike two texts are, from 0 to 1, or 0 when that is less than `least`.

    It is the share of parts that they have in common (Dice 1945), which takes as long as the texts
    are, whatever is in them.
    """
    sizes = parts.total(), original.total()
    # All of the shorter one in common would still be too little: there is no need to compare.
    if 2 * min(sizes) < least * sum(sizes) or not all(sizes):
        return 0.0
    value = 2 * (parts & original).total() / sum(sizes)
    return value if value >= least else 0.0
