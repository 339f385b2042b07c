"""What a fork server and its students see besides the system: files, and environment variables."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from course.cores import count_cores, thread_limits
from course.grading.limits import HOME, TEMPORARY

COURSE = Path(__file__).parents[2]
# All that the inside needs of this package.
INSIDE = tuple(
    COURSE / "course" / name
    for name in (
        "__init__.py",
        "grading/__init__.py",
        "grading/files.py",
        "grading/fork_server.py",
        "grading/limits.py",
        "grading/program.py",
        "grading/protocol.py",
        "grading/supervisor.py",
    )
)
HIDDEN = ("/tmp", "/dev/shm")
PATH = "/usr/local/bin:/usr/bin:/bin"


def find_visible(readable: Sequence[Path]) -> tuple[Path, ...]:
    """Return what can be seen inside besides the system, folders before what is in them."""
    python = {Path(sys.prefix), Path(sys.base_prefix)}
    return tuple(sorted({*python, *INSIDE, *readable}))


def find_hidden(visible: Sequence[Path]) -> tuple[str, ...]:
    """Return the shared folders that can give way to a student's own: nothing needed is in them."""
    return tuple(
        folder for folder in HIDDEN if not any(path.is_relative_to(folder) for path in visible)
    )


def make_environment(readable: Sequence[Path], *, home: Path) -> Mapping[str, str]:
    """Return all the environment that students see."""
    temporary = TEMPORARY if home == HOME else home
    roots = dict.fromkeys(str(root) for path in (*INSIDE, *readable) for root in _import_root(path))
    environment = {
        "PATH": PATH,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "USER": "student",
        "LOGNAME": "student",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "PYTHONPATH": os.pathsep.join(roots),
        "PYTHONDONTWRITEBYTECODE": "1",
        **one_thread(),
    }
    cache = os.environ.get("COURSE_CACHE")
    if cache and Path(cache).resolve() in readable:
        environment["COURSE_CACHE"] = cache
    return environment


def one_thread() -> Mapping[str, str]:
    """Return the environment in which libraries start no thread: a fork would cut it off."""
    return {
        **thread_limits(count_cores()),
        "CUDA_VISIBLE_DEVICES": "",  # with a GPU torch has threads, and a forked process no GPU
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's, which pandas imports
    }


def _import_root(path: Path) -> Iterator[Path]:
    """Yield the folder from which a module or package is imported; a folder of data has none."""
    if path.suffix == ".py" or (path / "__init__.py").exists():
        folder = path.parent
        while (folder / "__init__.py").exists():
            folder = folder.parent
        yield folder
