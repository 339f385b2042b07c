"""Fork a process for each student from one that has imported all that the lessons use.

Who trusts whom: this program is the course's own, but lives inside the sandbox with what it starts,
where it sees neither masters nor other files of the instructor. It never runs a student's code and
never reads what a student's process sent. `sandbox.fork_server_client`, outside, starts it and
asks over the control socket for one student after another. For each, it forks twice (`supervisor`):

    fork server ── supervisor, in new namespaces ── student

Before the first fork the server takes the steps of its program that are alike for all students: all
that they need to know, and nothing else, is in them. The trusted side is told when each begins.

The server has one thread, lest a fork copies a lock that nobody will open. It sets its children's
exit status aside unseen (SIGCHLD is ignored): no zombies, and nothing to keep for a student.
"""

import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from course.grading.inside.forkable import Forks, import_if_there, refuse_threads, take_steps
from course.grading.inside.limits import (
    Isolation,
    address_space,
    compile_filter,
    die_with_parent,
    fork_alike,
    fork_into_namespaces,
)
from course.grading.inside.program import Program, SandboxSettings
from course.grading.inside.protocol import ASK, READY, read_setup
from course.grading.inside.supervisor import Blueprint, Entry, Request, begin, start_child


def main(control_file: str, parent: str) -> None:
    """Import what students need, then fork at every request until the trusted side hangs up."""
    control = socket.socket(fileno=int(control_file))
    settings = SandboxSettings.parse(read_setup(control))
    if settings.isolation is Isolation.PROCESS:  # bubblewrap sees to it otherwise
        die_with_parent(int(parent))

    for name in settings.program.preload:
        importlib.import_module(name)
    for name in settings.program.try_preload:
        import_if_there(name)
    entry: Entry = _find(settings.program.entry)
    # Compiled once for all students.
    forbidden = compile_filter() if settings.isolation is Isolation.SANDBOX else b""

    # All is imported: what threads there are now, imports have started.
    refuse_threads(control)
    settings.program.place_files()
    take_steps(control, _steps(settings.program), Path.cwd())

    # Only now are all addresses in use on top of which students get their memory.
    blueprint = Blueprint(settings, entry, address_space(), (os.getuid(), os.getgid()), forbidden)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.sendall(READY)
    forks = Forks()
    while request := _receive(control):
        fork = fork_into_namespaces if blueprint.is_sandbox else fork_alike
        start_child(partial(begin, control, request, blueprint), fork)
        # The other side sees an end only when nobody has these sockets any more.
        request.close()
        forks.add()


def probe(channel: socket.socket, setup: bytes) -> None:
    """Send the setup back: the entry with which a sandbox is tried out."""
    channel.sendall(setup)


def _steps(program: Program) -> Iterable[object]:
    return _find(program.prepare)(program.steps) if program.prepare else ()


def _find(function: str) -> Callable[..., Any]:
    module, _, name = function.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _receive(control: socket.socket) -> Request | None:
    """Return the next request, or None when the trusted side hung up."""
    asked, files, _, _ = socket.recv_fds(control, len(ASK), 2)
    return Request(*files) if asked else None


if __name__ == "__main__":
    main(*sys.argv[1:])
