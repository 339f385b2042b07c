"""Fork a process for each student from one that has imported all that the lessons use.

Who trusts whom: this program is the course's own, but lives inside the sandbox with what it starts,
where it sees neither masters nor other files of the instructor. It never runs a student's code and
never reads what a student's process sent. `course.grading.sandbox`, outside, starts it and asks
over the control socket for one student after another. For each, it forks twice (`supervisor`):

    fork server ── supervisor, in new namespaces ── student

Before the first fork the server takes the steps of its program that are alike for all students: all
that they need to know, and nothing else, is in them. The trusted side hears when each begins.

The server has one thread, lest a fork copies a lock that nobody will open. It sets its children's
exit status aside unseen (SIGCHLD is ignored): no zombies, and nothing to keep for a student.
"""

import ctypes
import gc
import importlib
import os
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from course.grading.limits import (
    HOME,
    LIBC,
    Isolation,
    address_space,
    compile_filter,
    die_with_parent,
    fork_alike,
    fork_into_namespaces,
)
from course.grading.program import Program, Settings
from course.grading.protocol import ASK, DONE, READY, STEP, UNFIT, read_setup
from course.grading.supervisor import Entry, Mould, Request, begin, start_child

TEMPORARY_FOLDERS = (Path("/tmp"), Path("/dev/shm"))
OPEN_FILES = (Path("/proc/self/fd"), Path("/dev/fd"))
DRIVER = "cuda"
HUGE_PAGE, MADV_COLLAPSE = 1 << 21, 25


def main(control_file: str, parent: str) -> None:
    """Import what students need, then fork at every request until the trusted side hangs up."""
    control = socket.socket(fileno=int(control_file))
    settings = Settings.parse(read_setup(control))
    if settings.isolation is Isolation.PROCESS:  # bubblewrap sees to it otherwise
        die_with_parent(int(parent))
    for name in settings.program.preload:
        importlib.import_module(name)
    entry: Entry = _find(settings.program.entry)
    forbidden = compile_filter() if settings.isolation is Isolation.SANDBOX else b""
    _refuse_threads(control)
    settings.program.furnish()
    take_steps(control, _steps(settings.program), Path.cwd())
    mould = Mould(settings, entry, address_space(), (os.getuid(), os.getgid()), forbidden)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(READY)
    while request := _receive(control):
        fork = fork_into_namespaces if mould.is_sandbox else fork_alike
        start_child(partial(begin, control, request, mould), fork)
        request.close()


def probe(channel: socket.socket, setup: bytes) -> None:
    """Send the setup back: the entry with which a sandbox is tried out."""
    channel.sendall(setup)


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
    gc.collect()
    if (threads, shared) != (_threads(), _count_shared()) or not _forks_find(files, scratch):
        _give_up(control, "the steps before the first fork left something that no fork carries")
    # What lives now lives for ever: without it in the collector's lists, children copy fewer pages.
    gc.freeze()
    _use_huge_pages()


def _steps(program: Program) -> Iterable[object]:
    return _find(program.prepare)(program.steps) if program.prepare else ()


def _find(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _refuse_threads(control: socket.socket) -> None:
    """Give up when an imported module started a thread, which a fork would cut off."""
    if len(names := _threads()) > 1:
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
    if not tasks.exists():
        return [thread.name for thread in threading.enumerate()]
    numbers = sorted(int(task.name) for task in tasks.iterdir())
    names = [(tasks / str(number) / "comm").read_text().strip() for number in numbers]
    return [name for name in names if not name.startswith(DRIVER)]


def _count_shared() -> int:
    """Return how many pieces of memory there are that a forked process would write for all."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    return sum(line.split()[1] == "rw-s" for line in lines)


def _files(scratch: Path) -> list[str]:
    """Return what files this process has open, the folder it is in, and what is in `scratch`."""
    files = next(path for path in OPEN_FILES if path.exists())
    temporary = [path for path in TEMPORARY_FOLDERS if os.access(path, os.W_OK) and _is_inside()]
    written = (path for folder in (scratch, *temporary) for path in folder.rglob("*"))
    return sorted([*os.listdir(files), os.getcwd(), *map(_state, written)])


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


def _use_huge_pages() -> None:
    """Gather the heap in huge pages where the kernel can (Linux 6.1): forks then cost a third.

    With torch imported, it is the copying of a hundred thousand entries of page tables, and their
    removal, that makes a fork slow. An error changes nothing but the time.
    """
    maps = Path("/proc/self/maps")
    for line in maps.read_text().splitlines() if maps.exists() else ():
        addresses, access, _, _, _, *name = line.split()
        start, end = (int(address, 16) for address in addresses.split("-"))
        start, end = -(-start // HUGE_PAGE) * HUGE_PAGE, end // HUGE_PAGE * HUGE_PAGE
        if access == "rw-p" and name in ([], ["[heap]"]) and start < end:
            place, size = ctypes.c_void_p(start), ctypes.c_size_t(end - start)
            LIBC.madvise(place, size, MADV_COLLAPSE)


def _receive(control: socket.socket) -> Request | None:
    """Return the next request, or None when the trusted side hung up."""
    asked, files, _, _ = socket.recv_fds(control, len(ASK), 2)
    return Request(*files) if asked else None


if __name__ == "__main__":
    main(*sys.argv[1:])
