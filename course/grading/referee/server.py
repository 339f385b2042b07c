"""The referee server: it has all imported, and forks a referee process for each submission.

It is trusted, has the tests, and runs no code of a student's. `course.grading.engine.servers` runs
this module with a socket and its own process as arguments, and sends it the settings and then one
socket for each submission. Over that one the referee process gets the submission, asks for student
processes and says what it is about to judge, so that the grader knows which test to leave out
should it never end.
"""

import importlib
import os
import pickle
import shutil
import signal
import socket
import sys
from pathlib import Path
from tempfile import mkdtemp

from course.grading.border.channel import Channel
from course.grading.inside.data_files import place_files
from course.grading.inside.forkable import Forks, import_if_there, take_steps
from course.grading.inside.late_torch import room_for_torch
from course.grading.inside.limits import (
    address_space,
    die_with_parent,
    fork_alike,
    limit_addresses,
)
from course.grading.inside.protocol import READY, read_setup
from course.grading.model.referee_settings import RefereeSettings
from course.grading.model.results import Verdict
from course.grading.referee.referee import Referee
from course.grading.referee.student_link import StudentLink
from course.grading.referee.trial import StudentProcesses, Trial

MAX_MESSAGE = 2**28
# Longer than any submission takes; the grader's own clock is the one that counts.
PATIENCE = 24 * 3600.0


def main(file: int, parent: int) -> None:
    """Import and prepare what all submissions need, then serve the grader, process `parent`."""
    die_with_parent(parent)
    os.environ |= {"NBGRADER_EXECUTION": "autograde", "MPLBACKEND": "agg"}
    orders = socket.socket(fileno=file)
    settings, folder = pickle.loads(read_setup(orders))
    os.chdir(folder)
    place_files(Path(folder), settings.data_files)

    for name in settings.preload:
        importlib.import_module(name)
    for name in settings.try_preload:
        import_if_there(name)
    sys.path.insert(0, "")  # as in a notebook

    referee = Referee(settings.time_limit)
    take_steps(orders, referee.prepare(settings.prefix, settings.tests), Path(folder))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for referees
    orders.sendall(READY)
    _serve(orders, settings, referee)


def _serve(orders: socket.socket, settings: RefereeSettings, referee: Referee) -> None:
    """Fork a referee process for each socket that comes, until the grader hangs up."""
    server, forks = os.getpid(), Forks()
    while True:
        data, files, _, _ = socket.recv_fds(orders, 1, 1)
        if not data:
            return
        if fork_alike() == 0:
            die_with_parent(server)
            orders.close()  # else the server would seem to live as long as this process
            _referee_process(socket.socket(fileno=files[0]), settings, referee)
            os._exit(0)
        os.close(files[0])
        forks.add()


def _referee_process(
    connection: socket.socket, settings: RefereeSettings, referee: Referee
) -> None:
    """Judge the submission that comes over `connection`, and say what was found."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # A value of a student's may be a flood.
    limit_addresses(address_space(), settings.memory_limit, room=room_for_torch())
    grader = Channel(connection)
    _tell(grader, "process", os.getpid())  # so that the grader can kill it
    cells, left_out, run_beside = pickle.loads(grader.receive(PATIENCE, MAX_MESSAGE))
    # What a test writes is not there for the next submission.
    folder = Path(mkdtemp(dir=Path.cwd()))
    os.chdir(folder)
    place_files(folder, settings.data_files)

    processes = _processes(grader, connection)
    trial = Trial(referee, processes, settings.time_limit, left_out, run_beside)
    try:
        findings = trial.run(cells)
        shutil.rmtree(folder, ignore_errors=True)  # who is told may end this process at once
        _tell(grader, "judged", findings)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not be a student's zero
        _tell(grader, "failed", f"{type(error).__name__}: {error}")


def _processes(grader: Channel, connection: socket.socket) -> StudentProcesses:
    """Return how the referee process gets student processes: from the grader."""

    def start() -> StudentLink:
        _tell(grader, "start", None)
        # The grader opens the channel to a student, but never reads from it: it hands it on.
        _, files, _, _ = socket.recv_fds(connection, 1, 1)
        return StudentLink(Channel(socket.socket(fileno=files[0])))

    def lost(was_killed: bool) -> Verdict | None:
        _tell(grader, "lost", was_killed)
        verdict: Verdict | None = pickle.loads(grader.receive(PATIENCE, MAX_MESSAGE))
        return verdict

    def judging(test: str) -> None:
        _tell(grader, "judging", test)

    return StudentProcesses(start, lost, judging)


def _tell(grader: Channel, kind: str, detail: object) -> None:
    grader.send(pickle.dumps((kind, detail)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
