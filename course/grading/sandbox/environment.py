"""What a fork server and its students see besides the system: files, and environment variables."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from course.cores import count_cores, thread_limits
from course.grading.inside.limits import HOME, TEMPORARY

PACKAGE = Path(__file__).parents[1]
COURSE = PACKAGE.parent
# All that students' processes see of this package: three folders, and what makes them importable.
MOUNTED = (
    COURSE / "__init__.py",
    PACKAGE / "__init__.py",
    *(PACKAGE / folder for folder in ("border", "inside", "student")),
)
MASKED = ("/tmp", "/dev/shm")
PATH = "/usr/local/bin:/usr/bin:/bin"


def find_visible(readable: Sequence[Path]) -> tuple[Path, ...]:
    """Return what can be seen inside besides the system, folders before what is in them."""
    python = {Path(sys.prefix), Path(sys.base_prefix)}
    return tuple(sorted({*python, *MOUNTED, *readable}))


def find_masked(visible: Sequence[Path]) -> tuple[str, ...]:
    """Return the shared folders that can give way to a student's own: nothing needed is in them."""

    def is_needed(folder: str) -> bool:
        return any(path.is_relative_to(folder) for path in visible)

    return tuple(folder for folder in MASKED if not is_needed(folder))


def make_environment(
    readable: Sequence[Path], more: Mapping[str, str], *, home: Path
) -> Mapping[str, str]:
    """Return all the environment that students see; `more` is what the course adds to it."""
    temporary = TEMPORARY if home == HOME else home
    return {
        **more,  # first, so that a course may add variables but change none of the others
        "PATH": PATH,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",  # there is no screen
        # What the course provides comes first: this checkout may have a package of the same name.
        "PYTHONPATH": import_path((*readable, *MOUNTED)),
        "PYTHONDONTWRITEBYTECODE": "1",
        **one_thread(),
    }


def one_thread() -> Mapping[str, str]:
    """Return the environment in which libraries start no thread: a fork would cut it off."""
    return {
        **thread_limits(count_cores()),
        "CUDA_VISIBLE_DEVICES": "",  # with a GPU torch has threads, and a forked process no GPU
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's, which pandas imports
    }


def import_path(readable: Iterable[Path]) -> str:
    """Return the `PYTHONPATH` on which the packages and modules among these paths are found."""
    roots: list[str] = []
    for path in readable:
        roots += map(str, _import_root(path))
    return os.pathsep.join(dict.fromkeys(roots))  # each once, where it stands first


def _import_root(path: Path) -> Iterator[Path]:
    """Yield the folder from which a module or package is imported; a folder of data has none."""
    if path.suffix == ".py" or (path / "__init__.py").exists():
        folder = path.parent
        while (folder / "__init__.py").exists():
            folder = folder.parent
        yield folder
