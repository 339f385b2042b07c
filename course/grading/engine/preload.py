"""Which modules are imported once, in the servers, before the first process is forked from them.

Nothing is imported here: the grader's process never runs what a notebook or one of its modules
does, and so it stays small.
"""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from course.grading.model.cells import Cell, Role
from course.ipython_code import imported_modules

# Both servers need it, whatever a notebook imports.
WARM = "course.grading.border.warm"
TORCH, WARM_TORCH = "torch", "course.grading.border.warm_torch"
PYPLOT = "matplotlib.pyplot"


@dataclass(frozen=True)
class Preload:
    """Name modules: those that a server cannot do without, and those that it imports if it can."""

    needed: tuple[str, ...]
    wanted: tuple[str, ...] = ()


def find_preload(
    cells: Sequence[Cell],
    local: frozenset[str],
    *,
    readable: Sequence[Path] = (),
    imports: bool = True,
) -> Preload:
    """Return what servers need, and want of what the instructor's `cells` import.

    The `local` modules, which lie beside the notebook, are left for the cells to import: only there
    they are found. Without `imports`, so are all but torch and pyplot. `readable` are the packages
    and modules that the course provides.
    """
    wanted: dict[str, None] = {}  # in order, and each once
    for cell in cells:
        if cell.role is Role.GIVEN:
            wanted |= dict.fromkeys(imported_modules(cell.source))
    names = [name for name in wanted if name.partition(".")[0] not in local]

    # A notebook may use a library without a word of it, through a module that it imports.
    sources = [cell.source for cell in cells]
    sources += _sources(names, {path.stem: path for path in readable})
    # They take seconds, which a notebook that never uses them should not pay.
    needed = [WARM]
    if any("matplotlib" in source for source in sources):
        needed.append(PYPLOT)
    if any("torch" in source for source in sources):
        needed.append(WARM_TORCH if imports else TORCH)
    return Preload(tuple(needed), tuple(names) if imports else ())


def _sources(names: Iterable[str], readable: Mapping[str, Path]) -> Iterator[str]:
    """Yield the sources of the modules `names`, of those that have one."""
    for path in chain.from_iterable(_files_of(name, readable) for name in names):
        yield path.read_text(errors="replace")


def _files_of(name: str, readable: Mapping[str, Path]) -> list[Path]:
    """Return the files that tell what a module uses.

    Of an installed one that is its own file. A course's package is small enough to be read whole.
    """
    provided = readable.get(name.partition(".")[0])
    if provided is None:
        installed = _find_source(name)
        return [] if installed is None else [installed]
    return [*provided.rglob("*.py")] if provided.is_dir() else [provided]


def _find_source(name: str) -> Path | None:
    """Return the file of a module, found without importing the packages that it is in.

    `find_spec("a.b")` would run `a/__init__.py`; of a name without a dot it runs nothing.
    """
    top, *inner = name.split(".")
    # A name is whatever stood behind `import`: what cannot be found is not preloaded, no more.
    with suppress(ImportError, OSError, ValueError):
        spec = importlib.util.find_spec(top)
        if spec is None or not spec.has_location or spec.origin is None:
            return None
        place = Path(spec.origin)
        if inner and spec.submodule_search_locations:
            place = Path(spec.submodule_search_locations[0], *inner)
            package = place / "__init__.py"
            place = package if package.is_file() else place.with_suffix(".py")
        return place if place.suffix == ".py" and place.is_file() else None
    return None
