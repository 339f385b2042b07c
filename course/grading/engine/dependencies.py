"""The code that results depend on: what is hashed, so that a change of it grades a class anew.

That is the bytes of all of `course.grading`, the versions of the libraries that have a say in a
verdict, and what students may import beyond those, where a notebook does so. What a change cannot
touch is left out: nobody shall be graded anew for a comment in a module that only draws.
"""

import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from itertools import chain
from pathlib import Path

from course.grading.engine.options import GradingOptions
from course.grading.intake.assignment import Assignment
from course.grading.intake.collection import HandedIn
from course.ipython_code import imported_modules

COURSE = Path(__file__).parents[2]
OWN_IMPORT = re.compile(r"^\s*(?:from|import) (course(?:\.\w+)*)", re.M)
# They run cells, carry values and decide what is equal, whatever a notebook imports.
DECIDING = (
    "cloudpickle",
    "ipython",
    "matplotlib",
    "msgpack",
    "nbformat",
    "nbgrader",
    "numpy",
    "torch",
)


@dataclass(frozen=True)
class Dependencies:
    """Hold hashes (SHA-256) of code: of all that every result depends on, and of the others.

    `others` are those of packages that students may import, by name, and that the assignment's own
    notebooks do not import: they count for a submission that does.
    """

    digest: str
    others: Mapping[str, str]

    def imported_by(self, handed_in: HandedIn) -> Mapping[str, str]:
        """Return the hashes of those packages that a submission has the names of."""
        contents = [*handed_in.notebooks.values(), *handed_in.own_files.values()]
        # What students wrote is searched, not parsed: a word too many only costs a new grading.
        return {name: digest for name, digest in self.others.items() if _is_named(name, contents)}


def find_dependencies(assignment: Assignment, options: GradingOptions) -> Dependencies:
    """Return the code that results of an assignment depend on."""
    readable = {path.stem: path for path in options.readable if _is_importable(path)}
    imported = _reach(_imported_by(_sources_of(assignment)), readable)
    digest = sha256(f"{_grading_digest()}{_digest_of(imported, readable)}".encode())
    others = {
        name: _digest_of(_reach({name}, readable), readable)
        for name in readable
        if name not in imported
    }
    return Dependencies(digest.hexdigest(), others)


def _sources_of(assignment: Assignment) -> Iterator[str]:
    """Yield the code of an assignment: its cells, and the modules that lie beside them."""
    for master in assignment.notebooks:
        for cell in master.cells:
            if cell.kind == "code":
                yield cell.source
    for file in assignment.files.all:
        if file.path.suffix == ".py":
            yield file.path.read_text(errors="replace")


def _imported_by(sources: Iterable[str]) -> set[str]:
    """Return the top-level modules and packages that these sources import."""
    names = chain.from_iterable(map(imported_modules, sources))
    return {name.partition(".")[0] for name in names}


def _reach(names: set[str], readable: Mapping[str, Path]) -> set[str]:
    """Return `names`, and all that the readable packages among them import in their turn."""
    reached, waiting = set(names), sorted(names & readable.keys())
    while waiting:
        files = _files_in(readable[waiting.pop()])
        sources = [file.read_text(errors="replace") for file in files if file.suffix == ".py"]
        new = _imported_by(sources) - reached
        reached |= new
        waiting += sorted(new & readable.keys())
    return reached


def _is_named(name: str, contents: Iterable[bytes]) -> bool:
    return any(name.encode() in content for content in contents)


@cache
def _grading_digest() -> str:
    """Return a hash of Python's version, this package, and what it uses of the one around it."""
    total = sha256(platform.python_version().encode())
    for path in sorted(_grading_files()):
        total.update(path.read_bytes())
    return total.hexdigest()


def _grading_files() -> set[Path]:
    """Return the files of `course.grading`, and of all of `course` that they import in turn."""
    waiting = [*(COURSE / "grading").rglob("*.py")]
    found = {*waiting, *(COURSE / "grading").rglob("*.j2")}
    while waiting:
        source = waiting.pop().read_text(encoding="utf-8")
        # Only what is imported counts: a comment in another command's module regrades nobody.
        for name in OWN_IMPORT.findall(source):
            new = set(_files_of(name)) - found
            found |= new
            waiting += new
    return found


def _files_of(name: str) -> Iterator[Path]:
    """Yield the file of a module of this package's, if it is one: `course.a.b`."""
    path = COURSE.parent.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            yield file


def _is_importable(path: Path) -> bool:
    """Tell packages and modules from folders of data, such as a cache, which grows when used."""
    return path.is_file() or (path / "__init__.py").is_file()


def _digest_of(modules: set[str], readable: Mapping[str, Path]) -> str:
    """Return a hash of the versions of installed modules, and of the bytes of readable ones."""
    # In order of their names: a set has another order in each process.
    total = sha256()
    for name in sorted({*DECIDING, *_distributions(modules)}):
        total.update(f"{name} {_version(name)}\n".encode())
    for name in sorted(modules & readable.keys()):
        for file in _files_in(readable[name]):
            total.update(file.read_bytes())
    return total.hexdigest()


def _files_in(path: Path) -> list[Path]:
    """Return a module's file, or a package's: its code, and the data that it may keep beside it.

    What editors and tools leave behind, in hidden folders or as bytecode, is none of it.
    """
    if path.is_file():
        return [path]
    inside = (file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return sorted(file for file in inside if not _is_hidden(file.relative_to(path)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _distributions(imported: Iterable[str]) -> set[str]:
    """Return the installed distributions from which these modules come."""
    providers = packages_distributions()
    return set(chain.from_iterable(providers.get(module, ()) for module in imported))


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""  # a course may do without torch, for one
