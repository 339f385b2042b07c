"""A student's process is started, watched and reported on; here without the namespaces."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from course.grading.inside.limits import Isolation, Limits
from course.grading.inside.program import Program, SandboxSettings
from course.grading.inside.protocol import HELLO, RECORD, is_readable, send_setup
from course.grading.inside.supervisor import FAILED, Blueprint, Entry, Request, begin, start_child

MB = 2**20


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_ends_with_its_work() -> None:
    assert exit_code(start_child(lambda: None)) == 0


def test_a_child_whose_work_fails_says_how(capfd: pytest.CaptureFixture[str]) -> None:
    assert exit_code(start_child(lambda: 1 / 0)) == FAILED
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_child_does_not_come_back_however_its_work_ends() -> None:
    def leave() -> None:
        raise SystemExit(3)

    assert exit_code(start_child(leave)) == FAILED


def test_where_no_process_can_be_had_there_is_none() -> None:
    def fork() -> int:
        raise BlockingIOError

    assert start_child(lambda: None, fork) == 0


def test_a_blueprint_knows_whether_it_is_for_a_sandbox() -> None:
    settings = SandboxSettings(Isolation.PROCESS, Limits(), (), Program("json:loads"))
    assert not Blueprint(settings, print, 0, (0, 0), b"").is_sandbox


@dataclass(frozen=True)
class Supervised:
    """Hold the trusted side's ends of the sockets of a student's process."""

    channel: socket.socket
    report: socket.socket

    def record(self) -> tuple[int, float]:
        """Return the wait status and the CPU time that are reported at the end."""
        self.report.settimeout(60)
        data = b""
        while part := self.report.recv(RECORD.size + len(HELLO)):
            data += part
        assert data.startswith(HELLO)
        status, seconds = RECORD.unpack(data[len(HELLO) :])
        return os.waitstatus_to_exitcode(status), seconds


@contextmanager
def supervised(entry: Entry, folder: Path, setup: bytes = b"") -> Iterator[Supervised]:
    """Have a supervisor in `folder` run `entry` in a student's process, without a sandbox."""
    limits = Limits(memory=2**40, open_files=4096, file_size=MB)
    settings = SandboxSettings(Isolation.PROCESS, limits, (), Program("json:loads"))
    blueprint = Blueprint(settings, entry, 0, (os.getuid(), os.getgid()), b"")
    (ours, theirs), (report, reporting) = socket.socketpair(), socket.socketpair()

    def work() -> None:
        os.chdir(folder)
        ours.close()
        report.close()
        begin(socket.socket(), Request(theirs.fileno(), reporting.fileno()), blueprint)

    with ours, report:
        with theirs, reporting:
            child = start_child(work)
        send_setup(ours, setup, timeout=60)
        yield Supervised(ours, report)
    os.waitpid(child, 0)


def say(text: bytes, channel: socket.socket, setup: bytes) -> None:
    channel.sendall(text + setup)


def wait_for_ever(channel: socket.socket, setup: bytes) -> None:
    channel.sendall(b"!")
    channel.recv(1)


def leave(code: int, channel: socket.socket, setup: bytes) -> None:
    os._exit(code)


def tell_what_is_open(channel: socket.socket, setup: bytes) -> None:
    open_files = [file for file in range(256) if _is_open(file)]
    channel.sendall(repr((open_files, channel.fileno(), os.getcwd())).encode())


def _is_open(file: int) -> bool:
    try:
        os.fstat(file)
    except OSError:
        return False
    return True


def test_the_entry_gets_the_channel_and_the_setup(tmp_path: Path) -> None:
    with supervised(partial(say, b"got "), tmp_path, b"setup") as student:
        assert student.channel.recv(100) == b"got setup"
        assert student.record()[0] == 0


@pytest.mark.parametrize("code", [0, 3, 255])
def test_how_the_student_ended_is_reported(tmp_path: Path, code: int) -> None:
    with supervised(partial(leave, code), tmp_path) as student:
        found, seconds = student.record()
    assert found == code
    assert seconds >= 0


def test_a_student_ends_with_who_watches_it(tmp_path: Path) -> None:
    with supervised(wait_for_ever, tmp_path) as student:
        assert student.channel.recv(1) == b"!"
        student.report.close()
        assert is_readable(student.channel, 60)
        assert student.channel.recv(1) == b""


def test_a_student_has_one_open_file_and_a_folder_of_its_own(tmp_path: Path) -> None:
    with supervised(tell_what_is_open, tmp_path) as student:
        open_files, channel, folder = eval(student.channel.recv(1000))
    assert open_files == [0, 1, 2, channel]
    assert Path(folder).parent == tmp_path
