"""The two processes that a fork server forks for a student: the supervisor, and in it the student.

The supervisor is process 1 of the student's namespace: nothing in there can signal it, trace it or
outlive it. It reports to the trusted side over a socket of its own how the student ended. It kills
all that the student started as soon as the student ends or that socket is closed, which also
happens when the trusted side dies. The student has one open file besides /dev/null: the channel.
Control and report sockets are closed in it before anything of the student's runs.

Without a sandbox (`Isolation.PROCESS`) there are no namespaces, and the supervisor kills the
student's process group, which a process can leave.
"""

import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from course.grading.inside.late_torch import room_for_torch
from course.grading.inside.limits import (
    Isolation,
    die_with_parent,
    drop_privileges,
    filter_system_calls,
    forbid_new_privileges,
    fork_alike,
    hide_memory,
    set_limits,
    set_up_namespaces,
)
from course.grading.inside.program import SandboxSettings
from course.grading.inside.protocol import HELLO, RECORD, read_setup

Entry = Callable[[socket.socket, bytes], object]
FAILED = 70
MOST_FILES = 1 << 20


@dataclass(frozen=True)
class Blueprint:
    """Hold what all students' processes are made from, found out before the first of them."""

    settings: SandboxSettings
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


def start_child(work: Callable[[], object], fork: Callable[[], int] = fork_alike) -> int:
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


def begin(control: socket.socket, request: Request, blueprint: Blueprint) -> None:
    """Close what the server needs alone, build the sandbox and be the supervisor in it."""
    control.close()
    # Ignored, as in the server, it would leave no exit status to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if blueprint.is_sandbox:
        settings = blueprint.settings
        set_up_namespaces(blueprint.user, settings.masked, settings.limits.scratch)
        drop_privileges()
    else:
        forbid_new_privileges()
    _supervise(request, blueprint)


def _supervise(request: Request, blueprint: Blueprint) -> None:
    """Start the student, wait until it ends or must, kill what is left, and report."""
    wake = _wake_on_child()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # process 1 gets no signal that it does not handle

    # The kernel tells the trusted side who has sent this: so it knows the supervisor's process.
    report = socket.socket(fileno=request.report)
    report.sendall(HELLO)

    student = start_child(partial(_run, request, blueprint, os.getpid()))
    if not student:
        return
    # The channel hangs up with the student, not with this process.
    os.close(request.channel)
    if blueprint.is_sandbox:
        hide_memory()  # the student is the same user
    status, seconds = _wait(student, report.fileno(), wake, blueprint.settings.isolation)
    report.sendall(RECORD.pack(status, seconds))


def _wake_on_child() -> int:
    """Return a file that can be read whenever a child may have ended."""
    # A signal that comes between a look for children and the next wait would be missed: what it
    # has written here is not. For that it needs a handler, if one that does nothing.
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
    # Who reads the report may rely on it that nothing of the student's is left.
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


def _run(request: Request, blueprint: Blueprint, supervisor: int) -> None:
    """Close what is not the student's, and let the entry have the rest."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # As in any Python: a closed pipe or a file that grows too large is an error, not the end.
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    die_with_parent(supervisor)
    os.setsid()  # the head of a group: where there are no namespaces, that is what can be killed
    _close_files(request.channel)
    if not blueprint.is_sandbox:  # in one, the working folder is the student's alone
        os.chdir(mkdtemp(dir=Path.cwd()))
    blueprint.settings.program.place_files()

    if blueprint.is_sandbox:
        filter_system_calls(blueprint.forbidden)
    set_limits(
        blueprint.settings.limits,
        blueprint.addresses,
        is_alone=blueprint.is_sandbox,
        room=room_for_torch(),
    )

    # Read only here: what the server had read, every later student would inherit.
    channel = socket.socket(fileno=request.channel)
    blueprint.entry(channel, read_setup(channel))


def _close_files(channel: int) -> None:
    """Close all files but the channel; /dev/null stands for the standard ones."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.set_inheritable(channel, False)
    os.closerange(3, channel)
    os.closerange(channel + 1, MOST_FILES)
