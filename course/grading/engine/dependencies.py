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
from course.grading.engine.preload import imported_names
from course.grading.intake.assignment import Assignment
from course.grading.intake.collection import HandedIn

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
    imported = _imported_by_masters(assignment)
    readable = {path.stem: _digest_of(path) for path in options.readable if _is_importable(path)}

    # In order of their names: a set has another order in each process.
    total = sha256(_grading_digest().encode())
    for name in sorted({*DECIDING, *_distributions(imported)}):
        total.update(f"{name} {_version(name)}\n".encode())
    for name in sorted(imported & readable.keys()):
        total.update(readable[name].encode())

    others = {name: digest for name, digest in readable.items() if name not in imported}
    return Dependencies(total.hexdigest(), others)


def _imported_by_masters(assignment: Assignment) -> set[str]:
    """Return the top-level modules and packages that the assignment's notebooks import."""
    names: set[str] = set()
    for master in assignment.notebooks:
        for cell in master.cells:
            names.update(imported_names(cell.source))
    return {name.partition(".")[0] for name in names}


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


def _digest_of(path: Path) -> str:
    # Not the code alone: a package may keep data beside it.
    files = sorted(filter(_is_source, path.rglob("*"))) if path.is_dir() else [path]
    total = sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()


def _is_source(path: Path) -> bool:
    return path.is_file() and path.suffix != ".pyc"


def _distributions(imported: Iterable[str]) -> set[str]:
    """Return the installed distributions from which these modules come."""
    providers = packages_distributions()
    return set(chain.from_iterable(providers.get(module, ()) for module in imported))


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""  # a course may do without torch, for one
