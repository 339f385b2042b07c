"""Steps before the first fork, and whether a process can be forked after them."""

import ctypes
import gc
import importlib
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from course.grading.inside.limits import HOME, LIBC
from course.grading.inside.protocol import DONE, STEP, UNFIT
from course.grading.inside.supervisor import start_child

TEMPORARY_FOLDERS = (Path("/tmp"), Path("/dev/shm"))
OPEN_FILES = (Path("/proc/self/fd"), Path("/dev/fd"))
DRIVER = "cuda"  # how the threads of a GPU's driver are called
HUGE_PAGE, MADV_COLLAPSE = 1 << 21, 25
MANY_FORKS = 20


def import_if_there(name: str) -> None:
    """Import a module, unless there is none of this name, nor a package that it should be in.

    Then the cell that imports it will say so, to whomever it concerns. A module that is there and
    cannot be imported raises what it raises: that is no student's fault.
    """
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise


def take_steps(control: socket.socket, steps: Iterable[object], scratch: Path) -> None:
    """Take the steps before the first fork, and say over `control` when each begins.

    Ends this process when they leave behind threads, open files, memory that forked processes would
    share, or anything new in `scratch`, of which those get another one: they would miss what the
    next steps may build on.
    """
    threads, shared, files = _threads(), _count_shared(), _files(scratch)
    for _ in steps:
        control.sendall(STEP)
    control.sendall(DONE)

    # Before the look at open files and before the freeze: garbage shall be in neither.
    gc.collect()
    is_as_before = (threads, shared) == (_threads(), _count_shared())
    if not is_as_before or not _forks_find(files, scratch):
        _give_up(control, "the steps before the first fork left something that no fork carries")

    # What lives now lives for ever: without it in the collector's lists, children copy fewer pages.
    gc.freeze()


def refuse_threads(control: socket.socket) -> None:
    """Give up when an imported module started a thread, which a fork would cut off."""
    names = _threads()
    if len(names) > 1:
        shown = ", ".join(names[1:])
        _give_up(control, f"the imported modules start threads, which no fork carries: {shown}")


def _give_up(control: socket.socket, reason: str) -> NoReturn:
    """Exit, having said that this process cannot be forked, and why."""
    print(reason, file=sys.stderr, flush=True)  # is read as soon as the byte is there
    control.sendall(UNFIT)
    sys.exit(1)


def _threads() -> list[str]:
    """Return the names of this process's threads, its own first.

    The one of a GPU's driver may be cut off: to forked processes no GPU is visible.
    """
    tasks = Path("/proc/self/task")
    if not tasks.exists():  # not Linux: nothing tells of threads that are not Python's
        return [thread.name for thread in threading.enumerate()]
    numbers = sorted(int(task.name) for task in tasks.iterdir())
    names = [(tasks / str(number) / "comm").read_text().strip() for number in numbers]
    return [name for name in names if not name.startswith(DRIVER)]


def _count_shared() -> int:
    """Return how many pieces of memory there are that a forked process would write for all."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    access = [line.split()[1] for line in lines]
    return access.count("rw-s")


def _files(scratch: Path) -> list[str]:
    """Return what files this process has open, the folder it is in, and what is in `scratch`."""
    files = next(path for path in OPEN_FILES if path.exists())
    folders = [scratch]
    # Outside of a sandbox all the machine writes there, at any time.
    if _is_inside():
        folders += [folder for folder in TEMPORARY_FOLDERS if os.access(folder, os.W_OK)]

    found = [*os.listdir(files), os.getcwd()]
    for folder in folders:
        found += [_state(path) for path in folder.rglob("*")]
    return sorted(found)


def _state(path: Path) -> str:
    """Return what differs when a file is written; of a folder, only its name."""
    status = path.lstat()
    is_folder = stat.S_ISDIR(status.st_mode)
    return str(path) if is_folder else f"{path} {status.st_size} {status.st_mtime_ns}"


def _is_inside() -> bool:
    """Tell whether this is a process in a sandbox, whose temporary folders are its own."""
    return Path.cwd() == HOME


def _forks_find(files: list[str], scratch: Path) -> bool:
    """Tell whether a forked process finds these files: some modules close their own in one."""
    child = start_child(lambda: os._exit(_files(scratch) != files))
    return os.waitpid(child, 0)[1] == 0


class Forks:
    """Count the forks of this process, and make them cheap once there have been many.

    To gather the heap in huge pages takes as long as it then saves in about 20 submissions. So a
    small class never pays for it, and a large one pays at most twice what the better choice costs.
    """

    def __init__(self) -> None:
        self._count = 0

    def add(self) -> None:
        """Count one more."""
        self._count += 1
        if self._count == MANY_FORKS:
            _use_huge_pages()


def _use_huge_pages() -> None:
    """Gather the heap in huge pages where the kernel can (Linux 6.1): forks then cost a third.

    With torch imported, it is the copying of a hundred thousand entries of page tables, and their
    removal, that makes a fork slow. An error changes nothing but the time.
    """
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    for line in lines:
        addresses, access, _, _, _, *name = line.split()
        is_heap = access == "rw-p" and name in ([], ["[heap]"])
        first, last = (int(address, 16) for address in addresses.split("-"))
        # The kernel takes whole huge pages only: round the start up and the end down.
        start = -(-first // HUGE_PAGE) * HUGE_PAGE
        end = last // HUGE_PAGE * HUGE_PAGE
        if is_heap and start < end:
            LIBC.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), MADV_COLLAPSE)
