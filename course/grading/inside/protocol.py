"""What the trusted side says to a fork server or to a referee server, and what these answer.

Both ends are here. At the other end is the course's own code, over sockets that no student's code
has: the control socket of a server, and the report of each supervisor. Only the setup of a student
comes over the student's own channel: had the server read it, every later student would find it in
the memory that it inherits.
"""

import select
import socket
import struct
import sys
from contextlib import suppress

# What the trusted side is told while a server starts: a step begins, all are done, it can fork; or
# it cannot, as the steps left something behind that a fork does not carry.
STEP, DONE, READY, UNFIT = b"s", b"d", b"r", b"u"
ASK = b"a"
HELLO = b"h"
SIZE = struct.Struct("!Q")
# How the student ended, as `os.wait` says it, and the seconds of CPU time it used.
RECORD = struct.Struct("!id")

START_SECONDS = 180
SPAWN_SECONDS = 30
# Process, user and group of a sender, as the kernel knows them here.
SENDER = struct.Struct("3i")


class ServerDied(Exception):  # noqa: N818 - it says what happened
    """Report that a server is gone, or cannot start a process: start another one."""


class Unfit(Exception):  # noqa: N818
    """Report that imports or steps left behind what no fork carries: start without them."""


class StepLost(Exception):  # noqa: N818
    """Report that a step of a program did not end in time (`late`), or ended its process."""

    def __init__(self, step: int, *, late: bool) -> None:
        super().__init__(step)
        self.step, self.late = step, late


def send_setup(end: socket.socket, setup: bytes, *, timeout: float) -> None:
    """Send what a process reads first; one that has ended already says so when it is awaited."""
    end.settimeout(timeout)
    with suppress(OSError):
        end.sendall(SIZE.pack(len(setup)) + setup)
    end.settimeout(None)


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


def await_ready(end: socket.socket, step_seconds: float) -> int:
    """Wait until a server at the other end can fork, and return its process, 0 where unknown.

    Raises `ServerDied` when it ends or says nothing, `StepLost` when that happens in one of its
    steps, for each of which it has `step_seconds`, and `Unfit` when it cannot fork after all that.
    """
    # Its imports come first, then the steps: how often STEP has come tells which one hangs or dies.
    answer, pid = receive_byte(end, START_SECONDS)
    steps = 0
    while answer == STEP:
        steps += 1
        answer, _ = receive_byte(end, step_seconds)
    if answer == DONE:
        answer, pid = receive_byte(end, START_SECONDS)
    elif steps:
        # A process that has ended can be read to its end at once; one that hangs says nothing.
        raise StepLost(steps - 1, late=not is_readable(end, 0))
    if answer == UNFIT:
        raise Unfit
    if answer != READY:
        raise ServerDied("it did not start")
    return pid


def ask_for_sender(end: socket.socket) -> None:
    """Have the kernel name the sender of what arrives here, where it can do that."""
    if sys.platform == "linux":
        end.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)


def receive_byte(end: socket.socket, timeout: float) -> tuple[bytes, int]:
    """Return the first byte from `end` and its sender's process; nothing when none comes."""
    if end.fileno() < 0 or not is_readable(end, timeout):
        return b"", 0
    try:
        first, ancillary, _, _ = end.recvmsg(1, socket.CMSG_SPACE(SENDER.size))
    except OSError:
        return b"", 0
    for _, kind, content in ancillary:
        if sys.platform == "linux" and kind == socket.SCM_CREDENTIALS:
            return first, int(SENDER.unpack(content)[0])
    return first, 0


def is_readable(end: socket.socket, timeout: float) -> bool:
    """Say whether something arrives, or the other side hangs up, within `timeout` seconds."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(timeout * 1000))
