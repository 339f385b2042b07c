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
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

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
    fork_into_namespaces,
    furnish_namespaces,
    hide_memory,
    set_limits,
)

Entry = Callable[[socket.socket, bytes], object]
READY = b"r"
ASK = b"a"
HELLO = b"h"
SIZE = struct.Struct("!Q")
# How the student ended, as `os.wait` says it, and the seconds of CPU time it used.
RECORD = struct.Struct("!id")
FAILED = 70
MOST_FILES = 1 << 20
HUGE_PAGE, MADV_COLLAPSE = 1 << 21, 25


@dataclass(frozen=True)
class Settings:
    """Hold what the trusted side decides once for all students."""

    isolation: Isolation
    limits: Limits
    preload: tuple[str, ...]
    hidden: tuple[str, ...]
    entry: str

    @classmethod
    def parse(cls, text: str) -> "Settings":
        """Read what `json.dumps(dataclasses.asdict(settings))` wrote."""
        fields = json.loads(text)
        return cls(
            Isolation(fields["isolation"]),
            Limits(**fields["limits"]),
            tuple(fields["preload"]),
            tuple(fields["hidden"]),
            fields["entry"],
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


def main(control_file: str, settings_text: str) -> None:
    """Import what students need, then fork at every request until the trusted side hangs up."""
    control = socket.socket(fileno=int(control_file))
    settings = Settings.parse(settings_text)
    for name in settings.preload:
        importlib.import_module(name)
    entry = _find(settings.entry)
    forbidden = compile_filter() if settings.isolation is Isolation.SANDBOX else b""
    _refuse_threads()
    mould = Mould(settings, entry, address_space(), (os.getuid(), os.getgid()), forbidden)
    # What lives now lives for ever: without it in the collector's lists, children copy fewer pages.
    gc.collect()
    gc.freeze()
    _use_huge_pages()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(READY)
    while request := _receive(control):
        fork = fork_into_namespaces if mould.is_sandbox else os.fork
        _fork(partial(_begin, control, request, mould), fork)
        request.close()


def probe(channel: socket.socket, setup: bytes) -> None:
    """Send the setup back: the entry with which a sandbox is tried out."""
    channel.sendall(setup)


def _find(entry: str) -> Entry:
    module, _, name = entry.partition(":")
    found: Entry = getattr(importlib.import_module(module), name)
    return found


def _refuse_threads() -> None:
    """Exit when an imported module started a thread, which a fork would cut off."""
    tasks = Path("/proc/self/task")
    count = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    if count > 1:
        sys.exit(f"the imported modules started {count - 1} threads: nothing can be forked safely")


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


def _read_setup(channel: socket.socket) -> bytes:
    """Return what the trusted side sends first: its length and the setup."""
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


def _fork(work: Callable[[], object], fork: Callable[[], int] = os.fork) -> int:
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
    student = _fork(partial(_run, request, mould))
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


def _run(request: Request, mould: Mould) -> None:
    """Close what is not the student's, and let the entry have the rest."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
    die_with_parent(signal.SIGKILL)
    os.setsid()
    _close_files(request.channel)
    if mould.is_sandbox:
        filter_system_calls(mould.forbidden)
    set_limits(mould.settings.limits, mould.addresses, is_alone=mould.is_sandbox)
    channel = socket.socket(fileno=request.channel)
    mould.entry(channel, _read_setup(channel))


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
