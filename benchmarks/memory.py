"""How much memory a process takes, and those that it has started (Linux only)."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

PROC = Path("/proc")
PAGE = os.sysconf("SC_PAGE_SIZE")
GRADER = "grader"
SERVERS = {
    "course.grading.referee.server": "referee server",
    "course.grading.inside.fork_server": "fork server",
}
PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)
PAUSE = 0.02  # seconds between two looks


def proportional_megabytes(root: int) -> float:
    """Return the memory of all processes below `root`, what they share counted once."""
    return sum(_proportional(pid) for pid in _below(root)) / 2**20


def resident_megabytes(root: int) -> dict[str, float]:
    """Return the resident memory of process `root`, the grader, and of those that it keeps."""
    return {name: _resident(pid) / 2**20 for pid, name in _kept(root)}


def peak_megabytes(grader: "Popen[bytes]") -> dict[str, float]:
    """Wait for a grader and return the most that it and those that it kept had in memory.

    Each is counted by itself: what a process has forked, such as a referee, is not in its figure.
    Of two servers of a kind it is the larger one's. Without Linux's /proc there are no figures.
    """
    peaks: dict[str, float] = {}
    while grader.poll() is None:
        for pid, name in _kept(grader.pid):
            # The kernel keeps the peak: only what comes after the last look is missed.
            if found := PEAK.search(_read(PROC / str(pid) / "status")):
                peaks[name] = max(peaks.get(name, 0.0), int(found[1]) / 1024)
        time.sleep(PAUSE)
    return peaks


def _kept(root: int) -> Iterator[tuple[int, str]]:
    """Yield the grader, `root`, and the servers that it keeps, but not what they have forked."""
    yield root, GRADER
    waiting = list(_children(root))
    while waiting:
        pid = waiting.pop()
        words = _read(PROC / str(pid) / "cmdline").split("\0")
        is_python = words[0].rpartition("/")[2].startswith("python")
        modules = SERVERS.keys() & set(words) if is_python else ()
        for module in modules:
            yield pid, SERVERS[module]
        # Below a server are only its forks; a server may be below a program that isolates it.
        if not modules:
            waiting += _children(pid)


def _resident(pid: int) -> int:
    pages = _read(PROC / str(pid) / "statm").split()
    return int(pages[1]) * PAGE if pages else 0


def _proportional(pid: int) -> int:
    lines = _read(PROC / str(pid) / "smaps_rollup").splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _below(root: int) -> Iterator[int]:
    """Yield the processes that `root` has started, and those that they have."""
    for child in _children(root):
        yield child
        yield from _below(child)


def _children(pid: int) -> Iterator[int]:
    for path in (PROC / str(pid) / "task").glob("*/children"):
        yield from map(int, _read(path).split())


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""
