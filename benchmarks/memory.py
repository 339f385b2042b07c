"""How much memory this process and those that it has started take (Linux only)."""

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
NAMES = {
    "course.grading.referee.server": "bench",
    "course.grading.inside.fork_server": "fork server",
}


def proportional_megabytes(root: int) -> float:
    """Return the memory of all processes below `root`, what they share counted once."""
    return sum(_proportional(pid) for pid in _below(root)) / 2**20


def resident_megabytes(root: int) -> dict[str, float]:
    """Return the resident memory of process `root`, the grader, and of those that it keeps."""
    found = {"grader": _resident(root) / 2**20}
    for pid in _below(root):
        words = _read(PROC / str(pid) / "cmdline").split("\0")
        is_python = words[0].rpartition("/")[2].startswith("python")
        for module in NAMES.keys() & set(words) if is_python else ():
            found.setdefault(NAMES[module], _resident(pid) / 2**20)  # not of what it has forked
    return found


def _resident(pid: int) -> int:
    pages = _read(PROC / str(pid) / "statm").split()
    return int(pages[1]) * PAGE if pages else 0


def _proportional(pid: int) -> int:
    lines = _read(PROC / str(pid) / "smaps_rollup").splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _below(root: int) -> Iterator[int]:
    """Yield the processes that `root` has started, and those that they have."""
    for path in (PROC / str(root) / "task").glob("*/children"):
        for child in map(int, _read(path).split()):
            yield child
            yield from _below(child)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""
