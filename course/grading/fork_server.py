"""Fork a process for each student from one that has imported all that the lessons use.

Who trusts whom: this program is the course's own, but lives inside the sandbox with what it starts,
where it sees neither masters nor other files of the instructor. It never runs a student's code and
never reads what a student's process sent. `course.grading.sandbox`, outside, starts it and asks
over the control socket for one student after another. For each, it forks twice:

    fork server ── supervisor, in new namespaces ── student

The supervisor is process 1 of the student's namespace: nothing in there can signal it, trace it or
outlive it. It reports to the trusted side over a socket of its own how the student ended. It kills
all that the student started as soon as the student ends or that socket is closed, which also
happens when the trusted side dies. The student has one open file besides /dev/null: the channel.
Control and report sockets are closed in it before anything of the student's runs.

The setup, which may hold what other students must not see, comes over the channel: had the server
read it, every later student would find it in the memory that it inherits.

Before the first fork the server takes the steps of its program that are alike for all students: all
that they need to know, and nothing else, is in them. The trusted side hears when each begins.

The server has one thread, lest a fork copies a lock that nobody will open. It sets its children's
exit status aside unseen (SIGCHLD is ignored): no zombies, and nothing to keep for a student.

Without a sandbox (`Isolation.PROCESS`) there are no namespaces, and the supervisor kills the
student's process group, which a process can leave.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from course.grading.files import DataFile, furnish
from course.grading.limits import (
    LIBC,
    Isolation,
    Limits,
    address_space,
    compile_filter,
    die_with_parent,
    drop_privileges,
    filter_system_calls,
    forbid_new_privileges,
    fork_alike,
    fork_into_namespaces,
    furnish_namespaces,
    hide_memory,
    set_limits,
)

Entry = Callable[[socket.socket, bytes], object]
# What the trusted side hears while a server starts: a step begins, or it can fork; or it cannot,
# as the steps left something behind that a fork does not carry.
STEP, READY, UNFIT = b"s", b"r", b"u"
ASK = b"a"
HELLO = b"h"
SIZE = struct.Struct("!Q")
# How the student ended, as `os.wait` says it, and the seconds of CPU time it used.
RECORD = struct.Struct("!id")
FAILED = 70
OPEN_FILES = (Path("/proc/self/fd"), Path("/dev/fd"))
MOST_FILES = 1 << 20
HUGE_PAGE, MADV_COLLAPSE = 1 << 21, 25


@dataclass(frozen=True)
class Program:
    """Say what runs: modules that are imported, and functions, named as "module:function".

    `entry` is called in each student's process with the channel and the setup. `prepare` is called
    in the server with `steps`, before the first fork, and yields before each of them. `files`, each
    a name and a path, are there in the working folder of the server and of every student.
    """

    entry: str
    preload: tuple[str, ...] = ()
    prepare: str = ""
    steps: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()

    def furnish(self) -> None:
        """Put the files into the working folder."""
        furnish(Path.cwd(), (DataFile(name, Path(path)) for name, path in self.files))


@dataclass(frozen=True)
class Settings:
    """Hold what the trusted side decides once for all students."""

    isolation: Isolation
    limits: Limits
    hidden: tuple[str, ...]
    program: Program

    @classmethod
    def parse(cls, text: bytes) -> "Settings":
        """Read what `json.dumps(dataclasses.asdict(settings))` wrote."""
        fields = json.loads(text)
        program = fields["program"]
        for name in ("preload", "steps"):
            program[name] = tuple(program[name])
        program["files"] = tuple((name, path) for name, path in program["files"])
        return cls(
            Isolation(fields["isolation"]),
            Limits(**fields["limits"]),
            tuple(fields["hidden"]),
            Program(**program),
        )


@dataclass(frozen=True)
class Mould:
    """Hold what all students' processes are made from, found out before the first of them."""

    settings: Settings
    entry: Entry
    addresses: int
    user: tuple[int, int]
    forbidden: bytes

    @property
    def is_sandbox(self) -> bool:
        """Say whether students get namespaces and a filter."""
        return self.settings.isolation is Isolation.SANDBOX


@dataclass(frozen=True)
class Request:
    """Hold what one student's process starts from."""

    channel: int
    report: int

    def close(self) -> None:
        """Close this process's copies of the sockets."""
        os.close(self.channel)
        os.close(self.report)


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
    _refuse_threads()
    settings.program.furnish()
    take_steps(control, _steps(settings.program), Path.cwd())
    mould = Mould(settings, entry, address_space(), (os.getuid(), os.getgid()), forbidden)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(READY)
    while request := _receive(control):
        fork = fork_into_namespaces if mould.is_sandbox else fork_alike
        _fork(partial(_begin, control, request, mould), fork)
        request.close()


def probe(channel: socket.socket, setup: bytes) -> None:
    """Send the setup back: the entry with which a sandbox is tried out."""
    channel.sendall(setup)


def take_steps(control: socket.socket, steps: Iterable[object], scratch: Path) -> None:
    """Take the steps before the first fork, and say over `control` when each begins.

    Ends this process when they leave threads or open files behind, or files in `scratch`, of which
    forked processes get a new one: they would miss what the next steps may build on.
    """
    threads, files = _count_threads(), _files(scratch)
    for _ in steps:
        control.sendall(STEP)
    gc.collect()
    if _count_threads() != threads or not _forks_find(files, scratch):
        control.sendall(UNFIT)
        sys.exit("the steps before the first fork left something that no fork carries")
    # What lives now lives for ever: without it in the collector's lists, children copy fewer pages.
    gc.freeze()
    _use_huge_pages()


def _steps(program: Program) -> Iterable[object]:
    return _find(program.prepare)(program.steps) if program.prepare else ()


def _find(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _refuse_threads() -> None:
    """Exit when an imported module started a thread, which a fork would cut off."""
    if (count := _count_threads()) > 1:
        sys.exit(f"the imported modules started {count - 1} threads: nothing can be forked safely")


def _count_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()


def _files(scratch: Path) -> list[str]:
    """Return what files this process has open, the folder it is in, and what is in `scratch`."""
    files = next(path for path in OPEN_FILES if path.exists())
    written = map(str, scratch.rglob("*"))
    return sorted([*os.listdir(files), os.getcwd(), *written])


def _forks_find(files: list[str], scratch: Path) -> bool:
    """Tell whether a forked process finds these files: some modules close their own in one."""
    child = _fork(lambda: os._exit(_files(scratch) != files))
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


def read_setup(channel: socket.socket) -> bytes:
    """Return what the trusted side sends first, after its length."""
    (size,) = SIZE.unpack(_read(channel, SIZE.size))
    return _read(channel, size)


def _read(channel: socket.socket, size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        part = channel.recv(min(size - len(content), 1 << 20))
        if not part:
            raise EOFError("the trusted side hung up")
        content += part
    return bytes(content)


def _fork(work: Callable[[], object], fork: Callable[[], int] = fork_alike) -> int:
    """Run `work` in a child, which ends with it; an error goes to the standard error output.

    Returns 0 when no process can be had: the request's sockets close, which tells the other side.
    """
    try:
        child = fork()
    except OSError:
        return 0
    if child == 0:
        status = FAILED
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - no exception may reach the server's own loop
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    return child


def _begin(control: socket.socket, request: Request, mould: Mould) -> None:
    """Close what the server needs alone, build the sandbox and be the supervisor in it."""
    control.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if mould.is_sandbox:
        settings = mould.settings
        furnish_namespaces(mould.user, settings.hidden, settings.limits.scratch)
        drop_privileges()
    else:
        forbid_new_privileges()
    _supervise(request, mould)


def _supervise(request: Request, mould: Mould) -> None:
    """Start the student, wait until it ends or must, kill what is left, and report."""
    wake = _wake_on_child()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # process 1 gets no signal that it does not handle
    report = socket.socket(fileno=request.report)
    report.sendall(HELLO)
    student = _fork(partial(_run, request, mould, os.getpid()))
    if not student:
        return
    os.close(request.channel)
    if mould.is_sandbox:
        hide_memory()
    status, seconds = _wait(student, report.fileno(), wake, mould.settings.isolation)
    report.sendall(RECORD.pack(status, seconds))


def _wake_on_child() -> int:
    """Return a file that can be read whenever a child may have ended."""
    wake, end = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return wake


def _wait(student: int, report: int, wake: int, isolation: Isolation) -> tuple[int, float]:
    """Return the wait status and CPU time of `student` when it and all others are gone."""
    ended = None
    while ended is None:
        readable, _, _ = select.select([report, wake], [], [])
        if report in readable:  # nothing is ever sent: the trusted side hung up
            break
        os.read(wake, 4096)
        ended = _reap(student)
    _kill(student, isolation)
    if ended is None:  # it may not have become the head of a group yet
        os.kill(student, signal.SIGKILL)
    while ended is None:
        ended = _reap(student, block=True)
    if isolation is Isolation.SANDBOX:
        while _reap(0, block=True):
            pass
    return ended


def _reap(student: int, *, block: bool = False) -> tuple[int, float] | None:
    """Collect children that ended, up to `student`; 0 stands for any."""
    while True:
        try:
            child, status, usage = os.wait4(-1, 0 if block else os.WNOHANG)
        except ChildProcessError:
            return None
        if child == 0:
            return None
        if child == student or not student:
            return status, usage.ru_utime + usage.ru_stime


def _kill(student: int, isolation: Isolation) -> None:
    """Kill all that the student started: one call, which no fork in progress escapes."""
    try:
        if isolation is Isolation.SANDBOX:
            os.kill(-1, signal.SIGKILL)  # all in this process namespace but the caller
        else:
            os.killpg(student, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # nobody is left; macOS says that of a zombie with the second


def _run(request: Request, mould: Mould, supervisor: int) -> None:
    """Close what is not the student's, and let the entry have the rest."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
    die_with_parent(supervisor)
    os.setsid()
    _close_files(request.channel)
    if not mould.is_sandbox:  # in one, the working folder is the student's alone
        os.chdir(mkdtemp(dir=Path.cwd()))
    mould.settings.program.furnish()
    if mould.is_sandbox:
        filter_system_calls(mould.forbidden)
    set_limits(mould.settings.limits, mould.addresses, is_alone=mould.is_sandbox)
    channel = socket.socket(fileno=request.channel)
    mould.entry(channel, read_setup(channel))


def _close_files(channel: int) -> None:
    """Close all files but the channel; /dev/null stands for the standard ones."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.set_inheritable(channel, False)
    os.closerange(3, channel)
    os.closerange(channel + 1, MOST_FILES)


if __name__ == "__main__":
    main(*sys.argv[1:])
